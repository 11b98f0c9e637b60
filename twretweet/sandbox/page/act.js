// What a person can do

function chosen() {
  const kind = kinds.get($("kind").value);
  say($("summary"), kind.summary);
  $("parameters").replaceChildren(...Object.entries(kind.parameters).map(([name, value]) => {
    const input = make("input", { name, placeholder: value === null ? "" : String(value) });
    if (typeof value === "number") Object.assign(input, { type: "number", step: "any" });
    return make("label", {}, words(name), input);
  }));
}

function added() {
  const fault = { kind: $("kind").value, endpoint: $("place").value };
  if ($("count").value) fault.count = Number($("count").value);
  if ($("share").value) fault.probability = Number($("share").value);
  for (const input of $("parameters").querySelectorAll("input")) {
    const number = input.type === "number" || input.name === "code";
    if (input.value) fault[input.name] = number ? Number(input.value) : input.value;
  }
  return fault;
}

function on(id, event, then) {
  $(id).addEventListener(event, given => { given.preventDefault(); then(); });
}

on("kind", "change", chosen);
on("add", "submit", async () => {
  if (await act("POST", "faults", added())) { $("add").reset(); chosen(); }
});
on("calm", "click", () => act("DELETE", "faults"));
on("grow", "submit", () => act("POST", "growth", { retweets_per_second: Number($("rate").value) }));
on("write", "submit", async () => {
  const tweet = { text: $("text").value, retweets: Number($("start").value) };
  if (await act("POST", "tweets", tweet)) $("write").reset();
});
on("later", "click", () => act("POST", "clock", { advance: 900 }));
on("reset", "click", () => {
  if (confirm("Forget everything that was done in this sandbox?")) act("POST", "reset", {});
});
on("forget", "click", () => act("DELETE", "requests"));
on("pause", "click", () => {
  paused = !paused;
  $("pause").ariaPressed = String(paused);
  say($("pause"), paused ? "Go on" : "Pause");
  if (!paused) showRequests();
});
on("theme", "change", () => {
  const theme = $("theme").value;
  document.documentElement.dataset.theme = theme;
  localStorage.setItem("theme", theme);
});

$("theme").value = document.documentElement.dataset.theme = localStorage.getItem("theme") ?? "";
call("GET", "faults").then(found => {
  kinds = new Map(found.kinds.map(kind => [kind.kind, kind]));
  $("kind").append(...found.kinds.map(one => new Option(words(one.kind), one.kind)));
  $("place").append(...found.endpoints.map(one => new Option(one, one)));
  chosen();
}).catch(error => say($("trouble"), error.message));
connect();
setInterval(() => { if (!document.hidden) refresh(); }, POLL);
setInterval(showTime, 1000);
