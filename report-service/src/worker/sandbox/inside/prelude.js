// What stands between a kind's JavaScript and its host: two functions that carry text. It runs within the sandbox, before the
// kind's own code, and so keeps what it needs of the language before that can be changed.
(function prelude(write, read) {
  const { parse, stringify } = JSON;
  const { isFinite: isFiniteNumber, isSafeInteger } = Number;
  const { keys, fromEntries, prototype } = Object;
  const hasOwn = prototype.hasOwnProperty;
  const isDate = (value) => value instanceof Date;
  const whole = new Set(
    "TINYINT SMALLINT INTEGER BIGINT HUGEINT UTINYINT USMALLINT UINTEGER UBIGINT UHUGEINT".split(" "),
  );

  function say(message) {
    write(stringify(message));
  }

  function ask(message) {
    say(message);
    const answer = parse(read());
    if (answer.refused !== undefined) throw new Error(answer.refused);
    return answer;
  }

  function converter(type) {
    if (type.startsWith("DECIMAL")) return Number;
    if (!whole.has(type)) return (value) => value;
    return (value) => (isSafeInteger(Number(value)) ? Number(value) : BigInt(value));
  }

  function textOf(value, where) {
    if (value === null || value === undefined) return null;
    if (typeof value === "string") return value;
    if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") return String(value);
    if (isDate(value)) return value.toISOString();
    throw new TypeError(`${where} is ${typeof value}; a row holds text, numbers, dates, booleans and null`);
  }

  function bindable(value, where) {
    const plain = typeof value === "boolean" || (typeof value === "number" && isFiniteNumber(value));
    return plain ? value : textOf(value, where);
  }

  /** The rows of a query, one object each. Parameters stand in it as $name and are bound. */
  function* rows(sql, parameters = {}) {
    const bound = fromEntries(keys(parameters).map((name) => [name, bindable(parameters[name], `parameter ${name}`)]));
    const { cursor, names, types } = ask({ kind: "query", sql: String(sql), parameters: bound });
    const converters = types.map(converter);
    let open = true;
    try {
      while (open) {
        const answer = ask({ kind: "fetch", cursor });
        open = !answer.last;
        for (const row of answer.rows) {
          const object = {};
          for (let at = 0; at < names.length; at++) {
            object[names[at]] = row[at] === null ? null : converters[at](row[at]);
          }
          yield object;
        }
      }
    } finally {
      if (open) say({ kind: "close", cursor });
    }
  }

  function emit(result, columns) {
    const known = new Set(columns);
    let batch = [];
    let size = 0;
    let number = 0;
    for (const row of result) {
      number += 1;
      if (typeof row !== "object" || row === null) throw new TypeError(`row ${number} is ${typeof row}, not an object`);
      for (const name of keys(row)) {
        if (!known.has(name)) throw new TypeError(`row ${number} has ${name}, which spec.columns does not declare`);
      }
      const texts = [];
      for (const name of columns) {
        const text = hasOwn.call(row, name) ? textOf(row[name], `row ${number}, column ${name},`) : null;
        texts[texts.length] = text;
        size += text === null ? 0 : text.length;
      }
      batch[batch.length] = texts;
      if (batch.length >= 1000 || size >= 262144) {
        say({ kind: "rows", rows: batch });
        batch = [];
        size = 0;
      }
    }
    if (batch.length > 0) say({ kind: "rows", rows: batch });
  }

  return function serve(report, job) {
    const { parameters, columns, file } = parse(job);
    if (typeof report !== "function") throw new TypeError(`${file} defines no function report(parameters, rows)`);
    emit(
      report(parameters, rows) ?? [],
      columns.map(([name]) => name),
    );
    say({ kind: "done" });
  };
});
