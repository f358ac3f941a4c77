# What stands between a kind's Python code and its host: one file, for frames in and out. The gate of imports closes with the
# first read.
def _weir_serve(path):
    import datetime, decimal, json, math, os, random, sys, traceback, types

    def write(message):
        data = json.dumps(message).encode()
        frame = len(data).to_bytes(4, "little") + data
        while frame:
            frame = frame[os.write(channel, frame):]

    def read_exactly(size):
        pieces = []
        while size > 0:
            piece = os.read(channel, size)
            if not piece:
                os._exit(0)  # The worker is gone.
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def read():
        return json.loads(read_exactly(int.from_bytes(read_exactly(4), "little")))

    channel = os.open(path, os.O_RDWR)
    # What a kind prints is for nobody.
    sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = open(os.devnull, "w")
    write({"kind": "ready"})
    job = read()

    # Every interpreter starts from the same snapshot, and so from the same state of its generator.
    random.seed(os.urandom(16))

    whole = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"}

    def converter(type_name):
        if type_name in whole:
            return int
        if type_name.startswith("DECIMAL"):
            return decimal.Decimal
        if type_name == "DATE":
            return datetime.date.fromisoformat
        if type_name.startswith("TIMESTAMP"):
            return datetime.datetime.fromisoformat
        return None

    def text_of(value, where):
        if value is None:
            return None
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, (int, float)):
            return repr(value)
        if isinstance(value, str):
            return str(value)
        if isinstance(value, decimal.Decimal):
            return format(value, "f")
        if isinstance(value, (datetime.date, datetime.datetime)):
            return value.isoformat()
        raise TypeError(f"{where} is a {type(value).__name__}; a row holds text, numbers, dates, booleans and None")

    def bindable(value, where):
        plain = isinstance(value, (bool, int, str)) or (isinstance(value, float) and math.isfinite(value))
        return value if plain else text_of(value, where)

    def rows(sql, parameters=None, **named):
        """The rows of a query, one dict each. Parameters stand in it as $name and are bound."""
        bound = {name: bindable(value, f"parameter {name}") for name, value in {**(parameters or {}), **named}.items()}
        write({"kind": "query", "sql": sql, "parameters": bound})
        answer = read()
        if "refused" in answer:
            raise ValueError(answer["refused"])
        cursor, names = answer["cursor"], answer["names"]
        converters = [converter(type_name) for type_name in answer["types"]]
        plain = not any(converters)
        try:
            while True:
                write({"kind": "fetch", "cursor": cursor})
                answer = read()
                if "refused" in answer:
                    raise ValueError(answer["refused"])
                for row in answer["rows"]:
                    if plain:
                        yield dict(zip(names, row))
                    else:
                        yield {
                            name: value if value is None or convert is None else convert(value)
                            for name, value, convert in zip(names, row, converters)
                        }
                if answer["last"]:
                    cursor = None
                    return
        finally:
            if cursor is not None:
                write({"kind": "close", "cursor": cursor})

    columns = [name for name, _ in job["columns"]]
    known = set(columns)

    def emit(result):
        batch, size, number = [], 0, 0
        for row in result:
            number += 1
            if not isinstance(row, dict):
                raise TypeError(f"row {number} is a {type(row).__name__}, not a dict")
            if not known.issuperset(row):
                odd = ", ".join(str(name) for name in row if name not in known)
                raise KeyError(f"row {number} has {odd}, which spec.columns does not declare")
            texts = [text_of(row.get(name), f"row {number}, column {name},") for name in columns]
            batch.append(texts)
            size += sum(len(text) for text in texts if text is not None)
            if len(batch) >= 1000 or size >= 262144:
                write({"kind": "rows", "rows": batch})
                batch, size = [], 0
        if batch:
            write({"kind": "rows", "rows": batch})

    def where_of(error):
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            if frame.filename == job["file"]:
                return f" ({frame.filename}, line {frame.lineno})"
        if isinstance(error, SyntaxError) and error.filename == job["file"]:
            return f" ({error.filename}, line {error.lineno})"
        return ""

    try:
        kind = types.ModuleType("kind")
        exec(compile(job["code"], job["file"], "exec"), kind.__dict__)
        report = kind.__dict__.get("report")
        if not callable(report):
            raise TypeError(f"{job['file']} defines no function report(parameters, rows)")
        emit(report(job["parameters"], rows) or ())
        write({"kind": "done"})
    except MemoryError:
        job = rows = emit = kind = report = None
        write({"kind": "failed", "reason": "OUT_OF_MEMORY", "message": "the code asked for more memory than its kind allows"})
    except BaseException as error:
        said = error.msg if isinstance(error, SyntaxError) else str(error)
        message = f"{type(error).__name__}: {said}"[:2000] + where_of(error)
        write({"kind": "failed", "reason": "RENDER_FAILED", "message": message})
    finally:
        os._exit(0)
