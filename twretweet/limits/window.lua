-- The rules of window.py, kept by Redis: read them there; the names are the same here.
--
-- One call takes in what answers have told since the last one, and then takes a slot in every
-- window of a request, or in none. Beside those of window.py it has these rules:
--
-- 1. Time is Redis's own, in microseconds, so that all processes agree on it.
-- 2. Which requests are in flight is kept by their ids. One of which nothing was heard for the
--    length of a lease belonged to a process that died, and counts as lost when the lease ended.
-- 3. What an answer told may be delivered late, and twice when the connection broke. So it carries
--    when it was heard; it counts in the window that was open then; and the second time, when its
--    request is no longer in flight, it changes nothing.
-- 4. Where the connection breaks, the end of a request may overtake the question for its slot, or
--    what tells of its flight, or come between two of these. So the id of a request that gave up
--    asking is remembered, and that of one that was told of and not asked for, or is not in
--    flight; it gets no slot any more.
-- 5. A key is kept for as long as it can matter, and expires then.
-- 6. If a key is gone that a process knows to matter, Redis has lost its data. It then does nothing
--    but say so: the process tells again what it holds and knows, and only then asks.
--
-- KEYS     one per window, all in one hash slot; first those that the request needs
-- ARGV[1]  msgpack: {id of the request, lease, how many windows it needs (0: it only brings
--          corrections), per window {limit or -1, seconds, 1 if its key has to be there},
--          corrections}; a correction is {id, sent, heard, what happened in one window, ...}, and
--          that is {number of the window, what} or {number, what, limit, remaining, reset, end,
--          fuzz}; reset is X's own name for the end of its window, every other time is in
--          microseconds
--
-- Returns a JSON list: 1 if slots were taken, now in seconds and microseconds, the number of the
-- window without room, how long until it opens or -1, 1 if it would have room but for requests in
-- flight; then per window limit, how many are taken, how long until it ends or -1, how many are
-- in flight, and reset.

local GIVE_BACK, LOSE, SETTLE, REFUSE, LEARN, HOLD, CANCEL, RESTORE = 1, 2, 3, 4, 5, 6, 7, 8
local KEPT = 19 -- so many values in a key
local HELD = '+' -- begins the ids of requests that went without asking
local TOLD = '' -- among the ids that are gone: when it was told last which others are in flight
local SECOND, FIRST_BACKOFF = 1000000, 5000000
local CAREFUL_SHARE, CAREFUL_LEAST, HASTE, PATIENCE = 16, 3, 4, 100

local time = redis.call('TIME')
local now = time[1] * SECOND + time[2]
local id, lease, needed, specs, corrections = unpack(cmsgpack.unpack(ARGV[1]))

local function forget_until(w, moment)
  local unsure = w.unsure
  if not unsure[1] or unsure[1] > moment then return end
  local kept = {}
  for _, ended in ipairs(unsure) do
    if ended > moment then kept[#kept + 1] = ended end
  end
  w.unsure = kept
end

local function roll(w)
  if w.ends and now >= w.ends then
    w.over = w.ends - w.fuzz
    forget_until(w, w.over)
    w.ends, w.base, w.landed, w.since = false, 0, #w.unsure, now
  end
  local known = #w.unsure
  forget_until(w, now - w.memory)
  if not w.ends and #w.unsure < known then w.landed = #w.unsure end
end

-- The values that are packed in a key; nothing if they are none of ours.
local function ours(unpacked, ...)
  if unpacked and select('#', ...) == KEPT then return ... end
end

local function load(key, spec)
  local packed, length = redis.pcall('GET', key), spec[2]
  if type(packed) == 'table' then return nil, 'OCCUPIED ' .. key .. ': ' .. packed.err end
  if not packed and spec[3] == 1 then return nil, 'FORGOTTEN ' .. key end
  if not packed then
    return {
      key = key, length = length, memory = length + SECOND, limit = spec[1], ends = false,
      reset = 0, fuzz = 0, base = 0, told = false, since = 0, over = 0, landed = 0,
      strangers = false, seen = 0, most = 0, quiet = 0, asked = 0, trip = 0, trouble = false,
      unsure = {}, flights = {}, gone = {}, flying = 0, changed = false,
    }
  end
  local limit, ends, reset, fuzz, base, told, since, over, landed, strangers, seen, most,
    quiet, asked, trip, trouble, unsure, flights, gone = ours(pcall(cmsgpack.unpack, packed))
  if type(gone) ~= 'table' then return nil, 'OCCUPIED ' .. key .. ' holds no window' end
  local back = math.max(told or 0, since, asked, trouble and trouble[1] or 0) - now
  if back > 0 then -- the clock was set back: by so much, or more by what went by since
    ends = ends and ends - back
    trouble = trouble and {trouble[1] - back, trouble[2] - back, trouble[3]}
  end
  local flying, lost, changed = 0, 0, back > 0
  for number, ended in ipairs(unsure) do -- where the clock was set back
    if ended > now then unsure[number] = now end
  end
  for flight, sent in pairs(flights) do
    local ended = sent + lease
    if ended <= now then
      flights[flight] = nil
      if limit > 0 then unsure[#unsure + 1] = ended end
      lost = lost + 1
    else
      flying = flying + 1
      if sent > now then -- the clock was set back
        flights[flight], changed = now, true
      end
    end
  end
  if lost > 0 then table.sort(unsure) end
  for cancelled, at in pairs(gone) do
    if at + lease <= now then gone[cancelled] = nil end
  end
  local w = {
    key = key, length = length, memory = length + SECOND, limit = limit, ends = ends,
    reset = reset, fuzz = fuzz, base = base, told = told and math.min(told, now),
    since = math.min(since, now), over = math.min(over, now),
    landed = landed + lost, strangers = strangers, seen = seen,
    most = most, quiet = quiet, asked = math.min(asked, now), trip = trip, trouble = trouble,
    unsure = unsure, flights = flights, gone = gone, flying = flying, changed = changed,
  }
  roll(w)
  return w
end

-- How many slots strangers may still take before X tells of it.
local function may_take(w)
  local least = math.max(math.floor(w.limit / CAREFUL_SHARE), CAREFUL_LEAST)
  return least + math.max(w.most + math.floor(w.most / 2) - w.seen, 0)
end

local function taken(w, flying)
  local counted = w.base + #w.unsure
  if not w.strangers then counted = math.min(counted, math.max(w.base, w.landed)) end
  return counted + flying
end

-- Whether one more may be sent, if that many are in flight.
local function has_room(w, flying, opening)
  if w.trouble and (now < w.trouble[2] or flying > 0) then return false end
  if w.limit < 0 then return true end
  local left = w.limit - taken(w, flying)
  if left <= 0 then return false end
  if not w.ends then return (w.unsure[2] and not w.told) or opening == 0 end
  if w.trouble or not w.strangers then return true end
  if flying == 0 then return true end
  if now - w.asked >= w.length / CAREFUL_SHARE then return false end
  return left > may_take(w) and flying < math.ceil(HASTE * left * w.trip / (w.ends - now))
end

local function opening(w)
  local count = 0
  if not w.ends then
    for _, sent in pairs(w.flights) do
      if sent >= w.since then count = count + 1 end
    end
  end
  return count
end

local function opens_at(w)
  if w.trouble and now < w.trouble[2] then return w.trouble[2] end
  if w.limit < 0 then return false end
  local missing = taken(w, w.flying) + 1 - w.limit
  if missing <= 0 then return false end
  -- So many have to be forgotten before there is room; those that did not count first.
  local forgotten = missing + w.base + #w.unsure + w.flying - taken(w, w.flying)
  if not w.unsure[1] or (w.ends and forgotten > #w.unsure) then return w.ends end
  local aged = w.unsure[math.min(forgotten, #w.unsure)] + w.memory
  return w.ends and math.min(aged, w.ends) or aged
end

local function ends_at(w)
  if not w.ends and w.unsure[1] then return w.unsure[#w.unsure] + w.memory end
  return w.ends
end

-- Whether others may have taken all that is left, now that X has refused a request.
local function looks_full(w)
  if w.limit < 0 then return false end
  local left = w.limit - w.base - #w.unsure
  if w.strangers then return left - w.flying <= may_take(w) end
  return left <= math.floor(w.limit / CAREFUL_SHARE) -- those on their way may be refused as well
end

local function believe(w, sent, heard, limit, remaining, reset, ends, fuzz)
  local counted = limit - remaining
  w.limit = limit
  if w.ends and math.abs(reset - w.reset) <= 1 then
    w.base = math.max(w.base, counted)
    w.ends, w.fuzz = ends, fuzz
  elseif not w.ends or reset > w.reset or not w.told or sent >= w.told then
    -- What landed in the window before counts no more.
    if w.ends then w.landed = math.min(w.landed, #w.unsure + 1) end
    w.ends, w.reset, w.fuzz, w.base = ends, reset, fuzz, counted
    w.quiet = w.seen > 0 and 0 or w.quiet + 1
    w.most, w.seen = math.max(w.seen, w.most - math.floor((w.most + 7) / 8)), 0
    if w.quiet >= PATIENCE or not w.strangers then
      w.strangers, w.quiet, w.most, w.asked, w.trip = false, 0, 0, 0, 0
    end
  end
  if not w.told then w.landed = math.max(w.landed, counted - w.flying) end
  w.told = math.max(w.told or 0, heard)
  forget_until(w, sent)
  local trouble = w.trouble
  if trouble and trouble[3] == 0 and trouble[2] > trouble[1] and not looks_full(w) then
    w.trouble = false -- it was a guess
  end
  local theirs = counted - w.landed - w.flying
  if theirs > 0 then w.strangers = true end
  if w.strangers then
    w.seen, w.asked = math.max(w.seen, theirs), math.max(w.asked, sent)
    w.trip = math.max(heard - sent, w.trip / 2)
  end
end

local function settle(w, known, sent, heard, act)
  local ends = act[6]
  local in_this_window = known and heard >= w.over
  if act[2] == SETTLE and w.trouble and sent >= w.trouble[1] then w.trouble = false end
  if in_this_window then w.landed = w.landed + 1 end
  if ends and ends >= sent then
    if ends > now then believe(w, sent, heard, act[3], act[4], act[5], ends, act[7]) end
  elseif in_this_window and w.limit > 0 and heard > now - w.memory then
    w.unsure[#w.unsure + 1] = heard
    table.sort(w.unsure)
  end
end

local function refuse(w, known, sent, heard, act)
  local ends, closed, till = act[6], false, heard
  if ends and ends > now then
    believe(w, sent, heard, act[3], act[4], act[5], ends, act[7])
    closed = act[4] == 0
  elseif not ends and w.ends and w.limit > 0 then
    closed = looks_full(w)
    if closed then till = w.ends end
  end
  if closed and not w.strangers then
    w.strangers, w.seen, w.asked, w.trip = true, 1, sent, heard - sent
  end
  local before = w.trouble
  if before and (sent < before[1] or not known and before[1] >= heard) then return end
  local backoff = math.min(math.max(before and 2 * before[3] or 0, FIRST_BACKOFF), w.length)
  if not before and closed then backoff = 0 end
  w.trouble = {heard, math.max(heard + backoff, till), backoff}
end

-- What a process knew of a window that Redis has lost; several may know something.
local function restore(w, heard, act)
  local limit, counted, reset, ends = act[3], act[3] - act[4], act[5], act[6]
  if ends <= now or w.ends and reset < w.reset - 1 then return end
  if not w.ends or reset > w.reset + 1 then w.base, w.landed = 0, 0 end
  w.limit, w.reset, w.ends, w.fuzz = limit, reset, ends, act[7]
  w.base, w.landed = math.max(w.base, counted), math.max(w.landed, counted)
  w.told = math.max(w.told or 0, heard)
end

local function hold(w, flight, sent)
  if w.gone[flight] then return end
  if not w.flights[flight] then w.flying = w.flying + 1 end
  w.flights[flight] = sent
  if string.sub(flight, 1, 1) ~= HELD then w.gone[TOLD] = now end
end

-- A request ends: it is in flight no more, and will not be if that is told late, or twice.
local function land(w, flight, what)
  local sent, told = w.flights[flight], w.gone[TOLD]
  local held = string.sub(flight, 1, 1) == HELD
  if sent then
    w.flights[flight] = nil
    w.flying = w.flying - 1
  end
  if not sent or held or what == CANCEL or told and sent <= told then w.gone[flight] = now end
  return sent ~= nil
end

local function correct(w, flight, sent, heard, act)
  local what = act[2]
  w.changed = true
  if what == HOLD then
    hold(w, flight, sent)
  elseif what == RESTORE then
    restore(w, heard, act)
  elseif what == LEARN then
    if act[6] > now then believe(w, sent, heard, act[3], act[4], act[5], act[6], act[7]) end
  else
    local known = land(w, flight, what)
    if what == SETTLE or what == LOSE then
      settle(w, known, sent, heard, act)
    elseif what == REFUSE then
      refuse(w, known, sent, heard, act)
    end
  end
end

local windows = {}
for number = 1, #KEYS do
  local w, fault = load(KEYS[number], specs[number])
  if not w then return redis.error_reply(fault) end -- nothing was written yet
  windows[number] = w
end
for told = 1, #corrections do
  local correction = corrections[told]
  local heard = math.min(correction[3], now)
  for number = 4, #correction do
    local act = correction[number]
    correct(windows[act[1]], correction[1], math.min(correction[2], now), heard, act)
  end
end

local full, opens, for_flights = 0, -1, 0
for number = 1, needed do
  local w = windows[number]
  if w.flights[id] then -- the same question again: its answer was lost
    w.flights[id], w.flying, w.changed = nil, w.flying - 1, true
  end
  if full == 0 and (w.gone[id] or not has_room(w, w.flying, opening(w))) then
    full, opens = number, (opens_at(w) or now - 1) - now
    for_flights = has_room(w, 0, 0) and 1 or 0
  end
end
local granted = needed > 0 and full == 0
-- Making text of a number takes longer than what is done with it; as an integer, a third of that.
local text = string.format
local reply = {text('%d,%s,%s,%d,%d,%d', granted and 1 or 0, time[1], time[2], full, opens,
  for_flights)}
for number = 1, #windows do
  local w = windows[number]
  if granted and number <= needed then
    w.flights[id], w.flying, w.changed = now, w.flying + 1, true
  end
  local ends = ends_at(w)
  reply[number + 1] = text('%d,%d,%d,%d,%d', w.limit, taken(w, w.flying),
    ends and ends - now or -1, w.flying, w.reset)
  if w.changed then
    -- A while longer than the window, for the limit that X told, and for strangers.
    local matters = ends and ends + w.memory or now
    if w.flying > 0 then matters = math.max(matters, now + lease + w.memory) end
    if w.trouble then matters = math.max(matters, w.trouble[2] + w.trouble[3]) end
    if next(w.gone) then matters = math.max(matters, now + lease) end
    if matters > now then
      redis.call('SET', w.key, cmsgpack.pack(w.limit, w.ends, w.reset, w.fuzz, w.base, w.told,
        w.since, w.over, w.landed, w.strangers, w.seen, w.most, w.quiet, w.asked, w.trip,
        w.trouble, w.unsure, w.flights, w.gone),
        'PX', text('%d', math.ceil((matters - now) / 1000) + 1000))
    else
      redis.call('DEL', w.key)
    end
  end
end
return redis.status_reply('[' .. table.concat(reply, ',') .. ']') -- one line to read, not two
