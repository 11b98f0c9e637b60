-- A budget that many processes share: the rules of ledger.py, atomically.
--
-- KEYS[1]  hash: spent and reserved, in micro-dollars
-- KEYS[2]  hash: what each reservation has set aside, and since when, by its name
-- KEYS[3…] sets: what was charged for on a UTC day, one for each line of a bill
-- ARGV     operation, name of the reservation, and:
--          reserve: price of all items together, and of each; how many, and how few will do;
--                   cap or -1; lease in seconds
--          settle:  what is charged in any case, seconds to remember the day, and for each line
--                   the price, the number of ids, and the ids
--          look:    lease in seconds
--          keep, release: nothing more
-- Answers  a number of its own, what is set aside, spent, reserved. The first is for how many
--          items was reserved (0: refused), or what a settlement cost.
--
-- A call may come twice, when the answer to the first was lost: a reservation that exists is not
-- made again, and one that is gone is not settled again.

local function number(text)
    return tonumber(text or '0') or 0
end

local function add(field, amount)
    if amount ~= 0 then
        redis.call('HINCRBY', KEYS[1], field, string.format('%.0f', amount))
    end
end

local now = tonumber(redis.call('TIME')[1])

-- Who made a reservation that is older than the lease has died, and X may have charged for it.
local function spend_what_the_dead_hold(lease)
    local all, dead = redis.call('HGETALL', KEYS[2]), 0
    for at = 1, #all, 2 do
        local amount, since = all[at + 1]:match('^(%d+):(%d+)$')
        if tonumber(since) + lease <= now then
            redis.call('HDEL', KEYS[2], all[at])
            dead = dead + tonumber(amount)
        end
    end
    add('reserved', -dead)
    add('spent', dead)
end

local operation, name = ARGV[1], ARGV[2]
local held = redis.call('HGET', KEYS[2], name)
local first, amount = 0, number(held and held:match('^%d+'))

if operation == 'look' then
    spend_what_the_dead_hold(tonumber(ARGV[3]))
elseif operation == 'reserve' then
    local fixed, each = tonumber(ARGV[3]), tonumber(ARGV[4])
    local items, least, cap = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
    if held then
        if each > 0 then
            items = (amount - fixed) / each
        end
    else
        if cap >= 0 then
            local taken = number(redis.call('HGET', KEYS[1], 'spent'))
                + number(redis.call('HGET', KEYS[1], 'reserved'))
            local left = math.max(cap - taken, 0)
            if fixed + each * items > left then
                items = each > 0 and math.floor((left - fixed) / each) or 0
                if items < least then
                    items = 0
                end
            end
            if items == 0 then  -- and let the sums that say why be true
                spend_what_the_dead_hold(tonumber(ARGV[8]))
            end
        end
        if items > 0 then
            amount = fixed + each * items
            redis.call('HSET', KEYS[2], name, string.format('%.0f:%.0f', amount, now))
            add('reserved', amount)
        end
    end
    first = items
elseif held then
    redis.call('HDEL', KEYS[2], name)
    add('reserved', -amount)
    if operation == 'keep' then
        first = amount
    elseif operation == 'settle' then
        first = tonumber(ARGV[3])
        local at = 5
        for line = 3, #KEYS do
            local price, count = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
            at = at + 2
            local stop = at + count
            while at < stop do
                -- unpack() can't put more than some thousand values on the stack.
                local last = math.min(at + 999, stop - 1)
                first = first + price * redis.call('SADD', KEYS[line], unpack(ARGV, at, last))
                at = last + 1
            end
            redis.call('EXPIRE', KEYS[line], ARGV[4])
        end
    end
    add('spent', first)
end

return {
    first,
    amount,
    number(redis.call('HGET', KEYS[1], 'spent')),
    number(redis.call('HGET', KEYS[1], 'reserved')),
}
