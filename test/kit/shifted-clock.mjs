// node --import shifted-clock.mjs …: a process whose wall clock is $SHIFT_CLOCK_MS ahead, if that is given. It jumps an hour
// ahead at the first SIGUSR2, an hour behind at the second, and is right again at the third. The monotonic clock goes on, as
// when somebody sets a machine's time.
const hour = 3_600_000;
const jumps = [hour, -hour, 0];
const RealDate = Date;
let shift = Number(process.env["SHIFT_CLOCK_MS"] ?? 0);
let turn = 0;

process.on("SIGUSR2", () => {
  shift = jumps[turn % jumps.length] ?? 0;
  turn += 1;
});

globalThis.Date = class extends RealDate {
  /** @param {any[]} args */
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + shift);
    // @ts-expect-error: Date has several forms
    else super(...args);
  }
  static now() {
    return RealDate.now() + shift;
  }
};
