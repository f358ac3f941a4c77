import { type CommandParser, defineScript } from "@redis/client";
import type { RateRule } from "../model/gcra.ts";

/**
 * `gcra` of the model at one Redis, by its clock, so that servers need not agree on the time. Answers 0, or for how many
 * milliseconds the call came too early.
 */
export const gcraScript = defineScript({
  // A number that is just turned into text would lose the milliseconds: Lua writes 14 digits.
  SCRIPT: `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local increment, burst, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local expected = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local early = expected - increment * (burst - 1) - now
if early > 0 then return math.ceil(early) end
local arrival = expected + increment * cost
redis.call('SET', KEYS[1], string.format('%.17g', arrival), 'PX', math.ceil(arrival - now))
return 0`,
  NUMBER_OF_KEYS: 1,
  parseCommand(parser: CommandParser, key: string, { perSecond, burst }: RateRule, cost: number) {
    parser.pushKey(key);
    parser.push(String(1_000 / perSecond), String(burst), String(cost));
  },
  transformReply: (reply: unknown) => Number(reply),
});
