// Showing

function show(found) {
  state = found;
  seen = performance.now();
  requests = found.requests;
  say($("url"), found.url);
  showTotals();
  showBuckets();
  showFaults();
  showTweets();
  list($("accounts"), found.accounts, one => one.user_id, beginAccount, () => {});
  if (!paused) showRequests();
  showTime();
}

function showTotals() {
  const all = state.totals;
  const rows = [
    ["Requests", count.format(all.requests)], ["Refused with 429", count.format(all.rejected)],
    ["Cost at X", money(all.cost)], ["Tweets", count.format(all.tweets)],
    ["Retweets", count.format(all.retweets)], ["Accounts", count.format(all.accounts)],
    ["Connections", count.format(all.connections)],
  ];
  if (all.failures) rows.push(["Failures of the sandbox", count.format(all.failures)]);
  list($("totals"), rows, row => row[0],
    row => make("div", {}, make("dt", { textContent: row[0] }), make("dd")),
    (element, row) => say(element.lastChild, row[1]));
  $("later").hidden = !state.clock.movable;
}

function now() {
  return state.clock.now + Math.min(performance.now() - seen, POLL) / 1000;
}

function showTime() {
  if (!state) return;
  const at = new Date(now() * 1000).toISOString().slice(0, 19).replace("T", " ");
  const scale = state.window_scale === 1 ? "" : `, windows ×${+state.window_scale.toPrecision(3)}`;
  say($("clock"), `${at} UTC${scale}`);
  for (const element of $("buckets").children) {
    const left = Math.max(0, Math.ceil(element.reset - now()));
    const two = part => String(Math.floor(part)).padStart(2, "0"), hours = Math.floor(left / 3600);
    const until = (hours ? `${hours}:` : "") + `${two(left / 60 % 60)}:${two(left % 60)}`;
    say(element.querySelector(".until"), `full again in ${until}`);
  }
}

const whose = one => one.username ? "@" + one.username
  : one.account === "app" ? "the app" : one.account;

function showBuckets() {
  list($("buckets"), state.buckets, one => one.endpoint + " " + one.account,
    one => {
      const name = `${one.endpoint} by ${whose(one)}`;
      const meter = make("div", { role: "meter", ariaLabel: name, ariaValueMin: "0" },
        make("div"));
      return make("li", {},
        make("span", { className: "path", textContent: one.endpoint }), " ",
        make("span", { className: "soft", textContent: "by " + whose(one) }), meter,
        make("span", { className: "big" }), " ", make("small", { className: "until" }));
    },
    (element, one) => {
      const meter = element.querySelector("[role=meter]"), text =
        `${count.format(one.remaining)} of ${count.format(one.limit)} left`;
      element.reset = one.reset;
      meter.ariaValueMax = String(one.limit);
      meter.ariaValueNow = String(one.remaining);
      meter.ariaValueText = text;
      meter.className = one.remaining === 0 ? "none" : one.remaining * 4 < one.limit ? "low" : "";
      meter.firstChild.style.width = 100 * one.remaining / one.limit + "%";
      say(element.querySelector(".big"), text);
    });
}

function details(fault) {
  const { kind, endpoint, account, count: times, probability, after, seed, ...rest } = fault;
  const parts = [endpoint || "everywhere"];
  if (account) parts.push(`for ${account}`);
  if (times) parts.push(times === 1 ? "once" : `${times} times`);
  if (after) parts.push(`after ${after}`);
  if (probability !== undefined) parts.push(`${+(probability * 100).toPrecision(3)} %`);
  for (const [name, value] of Object.entries(rest)) parts.push(`${name} ${value}`);
  return parts.join(" · ");
}

function showFaults() {
  list($("faults"), state.faults, one => one.id,
    one => {
      const name = words(one.fault.kind);
      const flip = make("button", { type: "button", role: "switch", ariaLabel: name });
      flip.onclick = () =>
        act("PATCH", `faults/${one.id}`, { enabled: flip.ariaChecked !== "true" });
      const off = make("button", { type: "button", textContent: "Remove" });
      off.ariaLabel = `Remove ${name}`;
      off.onclick = () => act("DELETE", `faults/${one.id}`);
      return make("li", { className: "row" }, flip,
        make("div", { className: "grow" }, make("strong", { textContent: name }), " ",
          make("span", { className: "hits soft" }), make("br"),
          make("small", { textContent: one.summary }), make("br"),
          make("code", { textContent: details(one.fault) })), off);
    },
    (element, one) => {
      const flip = element.querySelector("[role=switch]");
      flip.ariaChecked = String(one.enabled);
      say(flip, one.enabled ? "On" : "Off");
      const over = one.fault.count && one.hits >= one.fault.count ? ", used up" : "";
      say(element.querySelector(".hits"), `met by ${count.format(one.hits)} of `
        + `${count.format(one.seen)} requests${over}`);
    });
  $("calm").hidden = !state.faults.length;
}

function showTweets() {
  // What a person is about to set must not be overwritten by what is.
  if (growth !== state.retweets_per_second) $("rate").value = growth = state.retweets_per_second;
  const own = one => one.id === state.tweet_id;
  const first = state.tweets.filter(own), others = state.tweets.filter(one => !own(one));
  list($("tweets"), [...first, ...others], one => one.id,
    one => {
      const again = make("button", { type: "button", textContent: "Retweet" });
      const undo = make("button", { type: "button", textContent: "Undo" });
      again.ariaLabel = `Let somebody retweet ${one.id}`;
      undo.ariaLabel = `Undo the latest retweet of ${one.id}`;
      again.onclick = () => act("POST", "retweets", { tweet_id: one.id });
      undo.onclick = async () => {
        const done = await act("POST", "retweets", { tweet_id: one.id, action: "undo" });
        const none = "Only a retweet that was added here can be undone.";
        if (done?.changed === 0) say($("trouble"), none);
      };
      const latest = make("ul", { className: "soft" });
      const fold = make("details", {}, make("summary", { className: "soft" }), latest);
      fold.firstChild.ariaLabel = `The latest retweets of ${one.id}`;
      fold.ontoggle = () => {
        unfolded[fold.open ? "add" : "delete"](one.id);
        latestOf(one.id, latest);
      };
      fold.firstChild.append(make("span", { className: "big" }), " retweets");
      return make("li", { className: "row" },
        make("div", { className: "grow" },
          make("strong", { textContent: "@" + one.author }), " ",
          make("small", { textContent: one.created_at.slice(0, 16).replace("T", " ") }),
          make("p", { textContent: one.text }), make("code", { textContent: one.id }), fold),
        make("div", { className: "pair" }, again, undo));
    },
    (element, one) => {
      const figure = element.querySelector(".big"), text = count.format(one.retweets);
      if (figure.textContent === text) return;
      say(figure, text);
      latestOf(one.id, element.querySelector("ul"));
    });
}

async function latestOf(id, element) {
  if (!unfolded.has(id)) return;
  const found = await call("GET", "retweets?tweet_id=" + id).catch(() => null);
  if (found === null) return;
  list(element, found.latest, one => one.id,
    one => make("li", { textContent:
      `@${one.username} · ${one.created_at.slice(0, 19).replace("T", " ")}` }), () => {});
}

function beginAccount(one) {
  return make("li", {}, make("strong", { textContent: "@" + one.username }), " ",
    make("code", { textContent: one.user_id }), make("br"),
    make("small", { textContent: one.scopes.join(" · ") }));
}

function showRequests() {
  list($("requests"), requests, one => one.number,
    one => {
      const names = new Map(state.accounts.map(each => [each.user_id, "@" + each.username]));
      const path = one.query ? `${one.path}?${one.query}` : one.path;
      const family = one.status === 429 ? "limit" : one.status >= 200 && one.status < 400
        ? "ok" : "bad";
      const cell = (text, className = "") => make("td", { className, textContent: text });
      return make("tr", {},
        cell(new Date(one.time * 1000).toISOString().slice(11, 19)),
        cell(`${one.method} ${path}`, "path"),
        cell(names.get(one.account) ?? one.account ?? "unknown"),
        cell(one.status ? String(one.status) : "dropped", "status " + family),
        cell(one.remaining === null ? "–" : count.format(one.remaining)),
        cell(money(one.cost)), cell(one.faults.map(words).join(", ")));
    }, () => {});
}

