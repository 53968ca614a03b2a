import { createHash } from 'node:crypto';

/** A Lua script, and the digest by which Redis knows it. */
export interface Script {
  readonly source: string;
  readonly digest: string;
}

// Redis runs a script as one step. The keys of each script are in one hash slot, so that Cluster runs it too.
//
// Redis forgets by its own clock, and later than asked by as much as clocks may differ: `horizon` is the expiry up to
// which entries are forgotten. What would be forgotten at once is refused, so nothing is ever let in unremembered.
//
// Once a script has written, Redis lets it go on writing above `maxmemory`. So nothing is written that need not be before
// the new entry, unless that makes room.
const horizon = `
local time = redis.call('TIME')
local horizon = time[1] * 1000 + math.floor(time[2] / 1000) - ARGV[3]
if tonumber(ARGV[2]) <= horizon then return 'expired' end
if redis.call('ZCOUNT', KEYS[1], '-inf', horizon) > 0 then
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', horizon)
end
`;

const keepUntilTheLastExpires = `
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]
redis.call('PEXPIRE', KEYS[1], last - horizon)
`;

/**
 * KEYS: what the owner has used, by expiry.
 * ARGV: the id, its expiry and how far clocks differ in milliseconds, the owner's share.
 */
export const reserveScript = script(`${horizon}
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 'replayed' end
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[4]) then return 'full' end
${keepUntilTheLastExpires}
return 'reserved'`);

/**
 * KEYS: the owner's records, by expiry; the record.
 * ARGV: the id, its expiry and how far clocks differ in milliseconds, the owner's share, the record's text.
 */
export const putScript = script(`${horizon}
local isNew = not redis.call('ZSCORE', KEYS[1], ARGV[1])
if isNew and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[4]) then return 'full' end
redis.call('SET', KEYS[2], ARGV[5], 'PX', ARGV[2] - horizon)
${keepUntilTheLastExpires}
return 'stored'`);

/** KEYS: as for `putScript`. A script, so that no client asks a replica, which may be behind. */
export const getScript = script(`return redis.call('GET', KEYS[2])`);

/** KEYS: as for `putScript`. ARGV: the id. */
export const takeScript = script(`
local text = redis.call('GET', KEYS[2])
redis.call('DEL', KEYS[2])
redis.call('ZREM', KEYS[1], ARGV[1])
return text`);

function script(source: string): Script {
  return { source, digest: createHash('sha1').update(source).digest('hex') };
}
