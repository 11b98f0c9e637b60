-- The rules of window.py, kept by Redis. One call takes in what earlier answers told, and then
-- takes a slot in all windows of a request, or in none. Times are milliseconds of Redis's clock;
-- the names are those of window.py.
--
-- KEYS     one per window, all in one hash slot
-- ARGV[1]  the id of the request that wants slots; "" only brings corrections
-- ARGV[2]  after how long a request that was not heard of again counts as lost
-- ARGV[3]  msgpack: per window {limit or -1, seconds in ms}
-- ARGV[4]  msgpack: corrections, oldest first, each {what, id, heard, blamed, reports}; "blamed" is
--          the number of the window that a 429 closes, and "reports" has per window false or
--          {limit, remaining, reset, end, fuzz}
--
-- Returns {1 or 0, now, number of the window without room, opens_at or -1,
--          {limit, used, ends_at or -1, in_flight} per window}; times as text, since Redis cuts
--          numbers to whole ones.

local FIRST_BACKOFF, SHARE, LEAST = 5000, 16, 3
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local lease = tonumber(ARGV[2])
local specs, corrections = cmsgpack.unpack(ARGV[3]), cmsgpack.unpack(ARGV[4])

local function forget_until(w, moment)
  local kept = {}
  for _, ended in ipairs(w.unsure) do
    if ended > moment then kept[#kept + 1] = ended end
  end
  w.unsure = kept
end

local function load(key, spec)
  local packed = redis.call('GET', key)
  local w = packed and cmsgpack.unpack(packed) or {
    limit = spec[1], ends = false, reset = 0, fuzz = 0, base = 0, told = false, unsure = {},
    flights = {}, since = 0, landed = 0, strangers = false, trouble = false,
  }
  w.length = spec[2]
  w.memory = spec[2] + 1000
  local lost = false
  for id, sent in pairs(w.flights) do
    if sent + lease <= now then
      w.flights[id] = nil
      w.landed = w.landed + 1
      w.unsure[#w.unsure + 1] = sent + lease
      lost = true
    end
  end
  if lost then table.sort(w.unsure) end
  return w
end

local function roll(w)
  if w.ends and now >= w.ends then
    forget_until(w, w.ends - w.fuzz)
    w.ends, w.base, w.landed, w.since = false, 0, 0, now
  end
  if w.unsure[1] and w.unsure[1] + w.memory <= now then
    forget_until(w, now - w.memory)
  end
end

local function in_flight(w, since)
  local count = 0
  for _, sent in pairs(w.flights) do
    if sent >= since then count = count + 1 end
  end
  return count
end

local function taken(w) return w.base + #w.unsure + in_flight(w, 0) end

local function has_room(w)
  roll(w)
  local flying = in_flight(w, 0)
  if w.trouble and (now < w.trouble[2] or flying > 0) then return false end
  if w.limit < 0 then return true end
  local left = w.limit - taken(w)
  if left <= 0 then return false end
  if not w.ends then
    return (#w.unsure > 0 and not w.told) or in_flight(w, w.since) == 0
  end
  if w.trouble then return true end
  if w.strangers then
    local careful = math.max(math.floor(w.limit / SHARE), LEAST)
    local up_to_date = w.told and now - w.told < w.length / SHARE
    return (left > careful and up_to_date) or flying == 0
  end
  return true
end

local function opens_at(w)
  if w.trouble and now < w.trouble[2] then return w.trouble[2] end
  if not w.ends and w.unsure[1] then return w.unsure[1] + w.memory end
  return w.ends or -1
end

local function ends_at(w)
  if not w.ends and #w.unsure > 0 then return w.unsure[#w.unsure] + w.memory end
  return w.ends or -1
end

local function believe(w, sent, heard, report)
  local limit, remaining, reset, ends, fuzz = unpack(report)
  local counted = limit - remaining
  w.limit = limit
  if w.ends and math.abs(reset - w.reset) <= 1 then
    w.base = math.max(w.base, counted)
    w.ends, w.fuzz = ends, fuzz
  elseif not w.ends or reset > w.reset or (w.told and sent >= w.told) then
    w.ends, w.reset, w.fuzz, w.base = ends, reset, fuzz, counted
  end
  w.told = heard
  forget_until(w, sent)
  if counted > w.landed + in_flight(w, 0) then w.strangers = true end
end

local function lose(w, heard)
  w.landed = w.landed + 1
  roll(w)
  if w.limit > 0 then
    w.unsure[#w.unsure + 1] = heard
    table.sort(w.unsure)
  end
end

local function settle(w, sent, heard, report)
  if w.trouble and sent >= w.trouble[1] then w.trouble = false end
  if not report or report[4] < sent then return lose(w, heard) end
  w.landed = w.landed + 1
  roll(w)
  if report[4] > now then believe(w, sent, heard, report) end
end

local function refuse(w, sent, heard, report)
  roll(w)
  local closed = false
  if report and report[4] > now then
    believe(w, sent, heard, report)
    closed = report[2] == 0
  end
  if not closed then
    local before = w.trouble and w.trouble[3] or 0
    local backoff = math.min(math.max(2 * before, FIRST_BACKOFF), w.length)
    w.trouble = {now, now + backoff, backoff}
  end
end

local function correct(w, number, correction)
  local what, id, heard, blamed, reports = unpack(correction)
  local report, sent = reports[number], w.flights[id]
  if what == 'learn' then
    roll(w)
    if report and report[4] > now then believe(w, heard, heard, report) end
    return
  end
  -- Not there: the lease was over, and it counts as lost already. What it told is still true.
  local known = sent ~= nil
  sent = sent or heard
  w.flights[id] = nil
  if what == 'give_back' then return end
  if what == 'lose' then
    if known then lose(w, heard) end
  elseif what == 'settle' then
    settle(w, sent, heard, report)
  elseif number == blamed then
    refuse(w, sent, heard, report)
  end
end

local windows = {}
for number, key in ipairs(KEYS) do
  windows[number] = load(key, specs[number])
  for _, correction in ipairs(corrections) do
    correct(windows[number], number, correction)
  end
end

local without_room, again = 0, -1
for number, w in ipairs(windows) do
  if not has_room(w) then
    without_room, again = number, opens_at(w)
    break
  end
end
local granted = ARGV[1] ~= '' and without_room == 0

local states = {}
for number, w in ipairs(windows) do
  if granted then w.flights[ARGV[1]] = now end
  local lasts = math.max(ends_at(w), now + lease, w.trouble and w.trouble[2] or 0) - now + w.memory
  states[number] = {w.limit, taken(w), tostring(ends_at(w)), in_flight(w, 0)}
  redis.call('SET', KEYS[number], cmsgpack.pack(w), 'PX', math.ceil(lasts))
end
return {granted and 1 or 0, tostring(now), without_room, tostring(again), states}
