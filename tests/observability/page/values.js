"use strict";
// A number as Grafana writes it, and the colour that its rules give it.

const COLOURS = { green: "#73bf69", yellow: "#fade2a", orange: "#ff9830", red: "#f2495c", blue: "#5794f2", text: "#ccccdc" };
const PALETTE = ["#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#705da0", "#37872d", "#fade2a"];

function digits(value, decimals) {
  if (decimals !== undefined) return value.toFixed(decimals);
  const size = Math.abs(value);
  return String(Number(value.toFixed(size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2)));
}

function scaled(value, decimals, steps) {
  let [unit, size] = steps[0];
  for (const [name, least] of steps) if (Math.abs(value) >= least) [unit, size] = [name, least];
  return digits(value / (size || 1), decimals) + unit;
}

const SECONDS = [[" s", 0], [" mins", 60], [" hours", 3600], [" days", 86400], [" weeks", 604800], [" years", 31536000]];
const SHORT = [["", 0], [" K", 1e3], [" Mil", 1e6], [" Bil", 1e9]];
const BYTES = [[" B", 0], [" KiB", 1024], [" MiB", 1048576], [" GiB", 1073741824]];
const UNITS = {
  s: (v, d) => (Math.abs(v) < 1 && v !== 0 ? digits(v * 1000, d) + " ms" : scaled(v, d, SECONDS)),
  percentunit: (v, d) => digits(v * 100, d) + "%",
  none: (v, d) => digits(v, d),
  short: (v, d) => scaled(v, d, SHORT),
  ops: (v, d) => scaled(v, d, SHORT) + " ops/s",
  reqps: (v, d) => scaled(v, d, SHORT) + " req/s",
  bytes: (v, d) => scaled(v, d, BYTES),
  dateTimeFromNow: (v) => scaled(ANSWERS.ended - v / 1000, 0, SECONDS) + " ago",
};

function mappingOf(value, config) {
  for (const mapping of config.mappings || []) {
    const found = mapping.type === "value" && mapping.options[String(value)];
    if (found) return found;
  }
  return null;
}

function written(value, config) {
  if (value === null || value === undefined) return config.noValue ?? "";
  if (typeof value === "string") return value;
  const mapping = mappingOf(value, config);
  return mapping && mapping.text !== undefined ? mapping.text : UNITS[config.unit || "none"](value, config.decimals);
}

function coloured(value, config) {
  if (typeof value !== "number") return COLOURS.text;
  const mapping = mappingOf(value, config);
  if (mapping && mapping.color) return COLOURS[mapping.color];
  if (config.color && config.color.mode === "fixed") return COLOURS[config.color.fixedColor];
  let colour = "text";
  for (const step of (config.thresholds || { steps: [] }).steps) if (step.value === null || value >= step.value) colour = step.color;
  return COLOURS[colour];
}

// The defaults of a panel's fields with what is said of one by its name, or by a pattern that its name has.
function configOf(panel, name) {
  const config = structuredClone(panel.fieldConfig.defaults);
  for (const { matcher, properties } of panel.fieldConfig.overrides) {
    const meant = matcher.id === "byName" ? matcher.options === name : new RegExp(matcher.options.slice(1, -1)).test(name);
    if (!meant) continue;
    for (const { id, value } of properties) {
      const path = id.split(".");
      let held = config;
      for (const part of path.slice(0, -1)) held = held[part] ??= {};
      held[path.at(-1)] = value;
    }
  }
  return config;
}

// A link's address: the dashboard's variables, and the fields of the line that it stands in, nothing for one that it has not.
function address(url, fields = {}) {
  return url.replace(/\$\{([^}]+)\}/g, (whole, name) => {
    if (name === "__url_time_range") return "from=now-24h&to=now";
    if (name.startsWith("__data.fields.")) return encodeURI(fields[name.slice("__data.fields.".length)] ?? "");
    const [variable, format] = name.split(":");
    const value = ANSWERS.variables[variable] ?? "";
    return format === "queryparam" ? `var-${variable}=${encodeURIComponent(value)}` : value;
  });
}
