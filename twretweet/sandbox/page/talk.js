"use strict";
// All text comes in through textContent, so that a tweet can't be more than text.
const BASE = "/__sandbox__/", MOST = 100, POLL = 2000, AGAIN = 1000, GATHER = 150;
const $ = id => document.getElementById(id);
const count = new Intl.NumberFormat("en");
const money = value => value ? "$" + (value < 1 ? value.toFixed(3) : value.toFixed(2)) : "–";
const words = text => text.replaceAll("_", " ");
let state = null, requests = [], seen = 0, growth = null, paused = false;
let kinds = new Map(), unfolded = new Set();

function make(tag, properties = {}, ...inside) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...inside);
  return made;
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Keeps the elements of what is still there, and with them focus and scroll position.
function list(parent, items, keyOf, begin, fill) {
  const keys = new Set(items.map(item => String(keyOf(item))));
  for (const child of [...parent.children]) if (!keys.has(child.dataset.key)) child.remove();
  const there = new Map([...parent.children].map(child => [child.dataset.key, child]));
  let next = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    let element = there.get(key);
    if (!element) {
      element = begin(item);
      element.dataset.key = key;
    }
    fill(element, item);
    if (element === next) next = next.nextElementSibling;
    else parent.insertBefore(element, next);
  }
  const none = $("no-" + parent.id);
  if (none) none.hidden = items.length > 0;
}

async function call(method, path, body) {
  const sent = { method, cache: "no-store" };
  if (body !== undefined) {
    sent.headers = { "content-type": "application/json" };
    sent.body = JSON.stringify(body);
  }
  const reply = await fetch(BASE + path, sent);
  if (reply.status === 204) return null;
  const found = await reply.json();
  if (!reply.ok) throw new Error(found.error);
  return found;
}

async function act(method, path, body) {
  try {
    const done = await call(method, path, body);
    say($("trouble"), "");
    refresh();
    return done;
  } catch (error) {
    say($("trouble"), error.message);
    return undefined;
  }
}

// The stream of events, and a look from time to time, which also serves while it is broken.

let stream, due = null;

function tell(live) {
  const link = $("link");
  say(link, live ? "Live" : "Reconnecting");
  link.className = live ? "ok" : "limit";
}

function connect() {
  stream?.close();
  stream = new EventSource(BASE + "events");
  stream.addEventListener("state", event => { tell(true); show(JSON.parse(event.data)); });
  stream.addEventListener("request", event => {
    const request = JSON.parse(event.data);
    if (request.number > (requests[0]?.number ?? 0)) requests.unshift(request);
    requests.length = Math.min(requests.length, MOST);
    soon();
  });
  stream.addEventListener("changed", soon);
  stream.onerror = () => {
    tell(false);
    // The browser tries again by itself unless it was refused.
    if (stream.readyState === EventSource.CLOSED) setTimeout(connect, AGAIN);
  };
}

function soon() {
  due ??= setTimeout(refresh, GATHER);
}

async function refresh() {
  clearTimeout(due);
  due = null;
  try {
    show(await call("GET", "state"));
  } catch {
    tell(false);
  }
}

