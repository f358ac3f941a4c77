/**
 * What Node is started with. Of what is being written to thousands of streams most dies young, but not before a collection
 * of the young comes by, which has to copy what is left: with V8's 16 MB that holds a server of 5,000 streams for 10 to 25
 * ms at a time, with 8 MB for less than 10; and the process needs a third less memory (measured: 300 instead of 460 MB). It
 * can only be told at the start.
 * @type {readonly string[]}
 */
export const nodeFlags = ["--max-semi-space-size=8"];
