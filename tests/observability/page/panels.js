"use strict";
// Each kind of panel from its JSON and its answers: [{target, series: [{labels, value} or {labels, points: [[s, value]]}]}].

function element(tag, attributes = {}, ...inner) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...inner);
  return made;
}

const nothing = (text) => element("div", { class: "nothing" }, text);
const svg = (inner) => `<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="100%" viewBox="0 0 400 160" preserveAspectRatio="none">${inner}</svg>`;
const legendOf = (target, labels) => (target.legendFormat || "").replace(/\{\{(\w+)\}\}/g, (_, name) => labels[name] ?? "").trim();
const named = (answers) => answers.flatMap(({ target, series }) => series.map((one) => ({ ...one, name: legendOf(target, one.labels) })));

function stat(panel, answers) {
  const [one] = named(answers);
  const config = configOf(panel, "");
  const value = one ? one.value : null;
  const box = element("div", { class: "stat" }, written(value, config));
  const colour = coloured(value, config);
  if (panel.options.colorMode === "background" && value !== null) Object.assign(box.style, { background: colour, color: "#111217" });
  else box.style.color = value === null ? COLOURS.text : colour;
  return box;
}

function gauge(panel, answers) {
  const [one] = named(answers);
  const config = configOf(panel, "");
  if (!one) return nothing(config.noValue);
  const share = Math.max(0, Math.min(1, (one.value - config.min) / (config.max - config.min)));
  const arc = (part) => {
    const angle = Math.PI * (1 - part);
    return `M 20 90 A 80 80 0 0 1 ${100 + 80 * Math.cos(angle)} ${90 - 80 * Math.sin(angle)}`;
  };
  const box = element("div", { class: "gauge" });
  box.innerHTML = `<svg width="150" height="86" viewBox="0 0 200 100"><path d="${arc(1)}" stroke="#2a2d35" stroke-width="22" fill="none"/>
    <path d="${arc(share)}" stroke="${coloured(one.value, config)}" stroke-width="22" fill="none"/>
    <text x="100" y="88" text-anchor="middle" style="font-size:26px;fill:${coloured(one.value, config)}">${written(one.value, config)}</text></svg>`;
  return box;
}

function legend(items) {
  const box = element("div", { class: "legend" });
  for (const { name, colour } of items) box.append(element("span", {}, element("i", { style: `background:${colour}` }), name));
  return box;
}

function timeseries(panel, answers) {
  const all = named(answers).filter(({ points }) => points.length);
  if (!all.length) return nothing("No data");
  const span = ANSWERS.ended - ANSWERS.began;
  const sums = new Map();
  const drawn = all.map((one, index) => {
    const config = configOf(panel, one.name);
    const colour = config.color.mode === "fixed" ? COLOURS[config.color.fixedColor] : PALETTE[index % PALETTE.length];
    const stacked = config.custom.stacking.mode === "normal";
    const points = one.points.map(([at, value]) => {
      if (!stacked) return [at, value];
      sums.set(at, (sums.get(at) || 0) + value);
      return [at, sums.get(at)];
    });
    return { name: one.name, colour, points, dashed: Boolean(config.custom.lineStyle) };
  });
  const top = panel.fieldConfig.defaults.max ?? (Math.max(...drawn.flatMap(({ points }) => points.map(([, value]) => value))) * 1.1 || 1);
  const path = (points) => points.map(([at, value]) => `${(((at - ANSWERS.began) / span) * 400).toFixed(1)},${(160 - (value / top) * 155).toFixed(1)}`).join(" ");
  const lines = drawn.map(({ points, colour, dashed }) =>
    `<polyline points="${path(points)}" fill="none" stroke="${colour}" stroke-width="1.5" vector-effect="non-scaling-stroke"${dashed ? ' stroke-dasharray="6 5"' : ""}/>`);
  const marks = ANSWERS.marks.map(({ at, colour }) => {
    const x = ((at - ANSWERS.began) / span) * 400;
    return `<line x1="${x}" x2="${x}" y1="0" y2="160" stroke="${COLOURS[colour]}" stroke-dasharray="2 3" vector-effect="non-scaling-stroke"/>`;
  });
  const box = element("div", { style: "height:100%" });
  box.innerHTML = `<div style="position:absolute;top:0;left:8px;font-size:10px;color:#8e8e9a">${written(top, panel.fieldConfig.defaults)}</div>
    <div style="position:absolute;top:14px;left:8px;right:8px;bottom:38px;border-bottom:1px solid #343740">${svg(marks.join("") + lines.join(""))}</div>`;
  box.append(legend(drawn));
  return box;
}

function stateTimeline(panel, answers) {
  const all = named(answers).filter(({ points }) => points.length);
  if (!all.length) return nothing("No data");
  const config = configOf(panel, "");
  const span = ANSWERS.ended - ANSWERS.began;
  const box = element("div", { class: "scroll" });
  for (const { name, points } of all) {
    const line = element("div", { style: "display:flex;align-items:center;height:26px;margin-bottom:4px" });
    line.append(element("div", { style: "width:110px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;font-size:11px" }, name));
    const bar = element("div", { style: "flex:1;position:relative;height:100%;background:#22252b" });
    let from = null;
    points.forEach(([at, value], index) => {
      from ??= at;
      const next = points[index + 1];
      if (next && next[1] === value) return;
      const style = `position:absolute;top:0;bottom:0;overflow:hidden;white-space:nowrap;padding:3px;font-size:11px;color:#111217;
        left:${((from - ANSWERS.began) / span) * 100}%;width:${(((next ? next[0] : at) - from) / span) * 100}%;background:${coloured(value, config)}`;
      bar.append(element("div", { style }, written(value, config)));
      from = null;
    });
    line.append(bar);
    box.append(line);
  }
  return box;
}

// Grafana's merge: lines of all frames that are equal in the fields which all frames have, put together.
function merged(answers) {
  const frames = answers.filter(({ series }) => series.length).map(({ target, series }) => {
    const value = answers.length > 1 ? `Value #${target.refId}` : "Value";
    return series.map((one) => ({ ...one.labels, Time: ANSWERS.ended, [value]: one.value }));
  });
  if (!frames.length) return [];
  const fields = frames.map((rows) => new Set(rows.flatMap((row) => Object.keys(row))));
  const shared = [...fields[0]].filter((field) => fields.every((has) => has.has(field)));
  const lines = new Map();
  for (const row of frames.flat()) {
    const key = JSON.stringify(shared.map((field) => row[field] ?? null));
    lines.set(key, { ...lines.get(key), ...row });
  }
  return [...lines.values()];
}

function tableOf(panel, answers) {
  let rows = merged(answers);
  let columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  let titles = {};
  for (const { id, options } of panel.transformations || []) {
    if (id === "sortBy") for (const { field, desc } of options.sort) rows.sort((a, b) => ((a[field] ?? -Infinity) - (b[field] ?? -Infinity)) * (desc ? -1 : 1));
    if (id !== "organize") continue;
    titles = options.renameByName;
    const place = (column) => options.indexByName[column] ?? 1000;
    columns = columns.filter((column) => !options.excludeByName[column]).sort((a, b) => place(a) - place(b));
  }
  if (!rows.length) return nothing("No data");
  const head = element("tr", {}, ...columns.map((column) => element("th", {}, titles[column] ?? column)));
  const body = rows.map((row) => element("tr", {}, ...columns.map((column) => cell(panel, titles[column] ?? column, row[column] ?? null, row))));
  return element("div", { class: "scroll" }, element("table", {}, head, ...body));
}

function cell(panel, title, value, row) {
  const config = configOf(panel, title);
  const how = config.custom.cellOptions || { type: "auto" };
  const text = typeof value === "string" ? value : written(value, config);
  const made = element("td", { "data-column": title });
  if (value === null) made.append(text);
  else if (config.links && config.links.length) made.append(element("a", { href: address(config.links[0].url, row) }, text));
  else if (how.type === "gauge") {
    const share = Math.max(0, Math.min(1, (value - config.min) / (config.max - config.min)));
    made.append(element("span", { class: "bar", style: `width:${share * 90}px;background:${coloured(value, config)}` }), text);
  } else made.append(text);
  if (how.type === "color-background" && value !== null) Object.assign(made.style, { background: coloured(value, config), color: "#111217" });
  if (how.type === "color-text" && value !== null) made.style.color = coloured(value, config);
  return made;
}

const KINDS = { stat, gauge, timeseries, table: tableOf, "state-timeline": stateTimeline };
