"use strict";
// Draws the charts of the page from the JSON in #charts: to the width there is, with hovering, zooming and hiding.
// Names of features and files reach the page through textContent and setAttribute alone, never as HTML.
(() => {
  const NS = "http://www.w3.org/2000/svg";
  // By the place of a series in its chart; no multiple of the colours of categories, so that both
  // together repeat late.
  const DASHES = ["", "8 4", "2 3", "10 3 2 3", "14 5", "4 2", "1 3"];
  const RUG = 6;
  const CHARACTER = 6.7;
  const specs = JSON.parse(document.getElementById("charts").textContent);
  const drawn = new Map();
  let threshold = 0.5;

  const make = (name, attributes, parent) => {
    const node = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (parent) parent.append(node);
    return node;
  };
  const element = (name, className, parent, text) => {
    const node = document.createElement(name);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    if (parent) parent.append(node);
    return node;
  };
  const write = (parent, x, y, anchor, text, className) => {
    const node = make("text", { x: x.toFixed(1), y: y.toFixed(1), "text-anchor": anchor, class: className || "" }, parent);
    node.textContent = text;
    return node;
  };
  // Names that begin alike differ at the end: it is the middle that gives way.
  const clip = (text, most) => {
    const letters = [...text];
    const end = Math.max(0, Math.floor((most - 1) / 2));
    if (letters.length <= most) return text;
    return letters.slice(0, Math.max(0, most - 1 - end)).join("") + "…" + letters.slice(letters.length - end).join("");
  };
  // A line through points, with a gap where there is none (null).
  const path = (points) =>
    points.map((point, i) => point && `${points[i - 1] ? "L" : "M"}${point[0].toFixed(1)} ${point[1].toFixed(1)}`).join("");
  // A name of a feature with its value: the name is clipped, the value stays.
  const clipName = (text, most) => {
    const at = text.lastIndexOf(" = ");
    const value = text.slice(at);
    if (at < 0 || [...text].length <= most || [...value].length + 4 >= most) return clip(text, most);
    return clip(text.slice(0, at), most - [...value].length) + value;
  };

  // Round values between the ends of an axis: 1, 2 or 5 times a power of ten; 1 at least where it
  // counts something.
  const ticks = ([first, last], wanted, percent, whole) => {
    const count = whole ? Math.min(wanted, Math.max(1, Math.floor(last - first))) : wanted;
    const unit = percent ? 100 : 1;
    const span = (last - first) * unit;
    if (!(span > 0) || !isFinite(span)) return { values: [first], text: (value) => number(value, percent) };
    const raw = span / Math.max(1, count);
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= raw * 0.7);
    const digits = Math.min(12, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
    const values = [];
    const low = Math.ceil((first * unit) / step - 1e-9);
    const high = Math.floor((last * unit) / step + 1e-9);
    for (let i = low; i <= high; i++) if (!whole || step >= 1) values.push((i * step) / unit);
    // All values of an axis have the same unit.
    const largest = Math.max(...values.map(Math.abs), 0);
    const [size, suffix] = [[1e12, null], [1e9, "G"], [1e6, "M"], [1e5, "k"]].find(([size]) => largest >= size) ?? [1, ""];
    const divisor = suffix === "k" ? 1e3 : size;
    const text = (value) => {
      if (percent) return `${(value * 100).toFixed(digits)} %`;
      if (suffix === null || (largest > 0 && largest < 1e-4)) return value === 0 ? "0" : value.toExponential(1);
      if (suffix) return value === 0 ? "0" : `${Number((value / divisor).toPrecision(6))}${suffix}`;
      return value.toFixed(digits);
    };
    return { values, text };
  };

  // A number for the eye, in about four digits.
  const number = (value, percent) => {
    if (value === null || !isFinite(value)) return "missing";
    if (percent) return `${(value * 100).toFixed(Math.abs(value) < 0.1 ? 2 : 1)} %`;
    const size = Math.abs(value);
    if (size >= 1e12 || (size > 0 && size < 1e-4)) return value.toExponential(2);
    if (size >= 1e9) return `${Number((value / 1e9).toPrecision(4))}G`;
    if (size >= 1e6) return `${Number((value / 1e6).toPrecision(4))}M`;
    if (size >= 1e5) return `${Number((value / 1e3).toPrecision(4))}k`;
    return String(Number(value.toPrecision(size >= 1000 ? 6 : 4)));
  };

  const domain = (axis, values, fromZero) => {
    if (axis.domain) return axis.domain;
    let [low, high] = fromZero ? [0, 0] : [Infinity, -Infinity];
    for (const value of values) {
      if (value === null || !isFinite(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (low > high) return [0, 1];
    const air = high > low ? (high - low) * 0.04 : Math.max(Math.abs(high), 1) * 0.5;
    return [low - (fromZero && low === 0 ? 0 : air), high + (fromZero && high === 0 ? 0 : air)];
  };

  // A marker by its number, so that series are told apart without colours.
  const marker = (index, x, y, r) => {
    const [l, t] = [(d) => (x + d * r).toFixed(1), (d) => (y + d * r).toFixed(1)];
    switch (index % 5) {
      case 0: return `M${l(-1)} ${t(0)}A${r} ${r} 0 1 1 ${l(1)} ${t(0)}A${r} ${r} 0 1 1 ${l(-1)} ${t(0)}Z`;
      case 1: return `M${l(-0.9)} ${t(-0.9)}H${l(0.9)}V${t(0.9)}H${l(-0.9)}Z`;
      case 2: return `M${l(0)} ${t(-1.15)}L${l(1.1)} ${t(0.85)}H${l(-1.1)}Z`;
      case 3: return `M${l(0)} ${t(-1.25)}L${l(1.25)} ${t(0)}L${l(0)} ${t(1.25)}L${l(-1.25)} ${t(0)}Z`;
      default: return `M${l(0)} ${t(1.15)}L${l(1.1)} ${t(-0.85)}H${l(-1.1)}Z`;
    }
  };
  // The colour of a series: a channel's, or a category's (see palette.rs).
  const ink = (series) => `var(--s${series.ink})`;
  // The first series of a chart is solid, later ones are hatched.
  const filling = (series) => (series.order === 0 ? ink(series) : `url(#hatch-${series.ink})`);
  // Series by their order among those that have a colour.
  const ordered = (series) => {
    let next = 0;
    return series.map((one) => ({ ...one, order: one.style === "reference" ? null : next++ }));
  };

  // The patterns that fill areas; once a page, since charts refer to them by name.
  const patterns = () => {
    const svg = make("svg", { width: 0, height: 0, class: "patterns", "aria-hidden": "true" });
    const defs = make("defs", {}, svg);
    // A turn for each colour.
    const turns = [45, -45, 0, 90, 45, -45, 20, -20];
    const hatch = (name, colour, turn) => {
      const pattern = make("pattern", {
        id: `hatch-${name}`, width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: `rotate(${turn})`,
      }, defs);
      make("rect", { width: 5, height: 5, style: `fill:var(${colour});fill-opacity:.38` }, pattern);
      make("rect", { width: 5, height: 2.2, style: `fill:var(${colour})` }, pattern);
    };
    turns.forEach((turn, i) => hatch(i, `--s${i}`, turn));
    hatch("up", "--up", 45);
    document.body.prepend(svg);
  };

  // What all charts have: a figure, a legend, a tip that follows the pointer.
  class Chart {
    constructor(figure, spec) {
      this.figure = figure;
      this.spec = spec;
      this.hidden = new Set();
      this.canvas = figure.querySelector(".canvas");
      this.canvas.replaceChildren();
      this.tools = figure.querySelector(".legend");
      this.tools.replaceChildren();
      this.tip = element("div", "tip", this.canvas);
      this.tip.hidden = true;
    }

    get width() {
      return Math.max(240, Math.floor(this.canvas.clientWidth) || 640);
    }

    start(height) {
      this.svg?.remove();
      this.svg = make("svg", {
        viewBox: `0 0 ${this.width} ${height}`, width: "100%", role: "img", "aria-label": this.spec.alt, tabindex: 0,
      });
      this.canvas.prepend(this.svg);
      this.figure.dataset.drawn = "yes";
    }

    // One button a series: shows its ink, hides it when pressed.
    legend(names, swatch) {
      names.forEach(([name, key]) => {
        const button = element("button", "series", this.tools);
        button.type = "button";
        button.title = "Hide or show";
        button.setAttribute("aria-pressed", "true");
        swatch(make("svg", { viewBox: "0 0 26 12", width: 26, height: 12, "aria-hidden": "true" }, button), key);
        element("span", "", button, name);
        button.addEventListener("click", () => {
          if (this.hidden.has(key)) this.hidden.delete(key);
          else this.hidden.add(key);
          button.setAttribute("aria-pressed", String(!this.hidden.has(key)));
          this.draw();
        });
      });
    }

    showTip(x, y, title, lines) {
      this.tip.replaceChildren();
      if (title) element("strong", "", this.tip, title);
      for (const { colour, name, value } of lines) {
        const line = element("div", "", this.tip);
        if (colour) element("i", "", line).style.background = colour;
        if (name) element("span", "", line, name);
        element("b", "", line, value);
      }
      this.tip.hidden = false;
      const scale = this.canvas.clientWidth / this.width;
      const [w, h] = [this.tip.offsetWidth, this.tip.offsetHeight];
      const left = x * scale + 14 + w > this.canvas.clientWidth ? x * scale - w - 14 : x * scale + 14;
      this.tip.style.left = `${Math.max(0, Math.min(left, this.canvas.clientWidth - w))}px`;
      this.tip.style.top = `${Math.max(0, Math.min(y * scale - h / 2, this.canvas.clientHeight - h))}px`;
    }

    hideTip() {
      this.tip.hidden = true;
    }

    place(event) {
      const box = this.svg.getBoundingClientRect();
      const scale = this.width / (box.width || 1);
      return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
    }
  }

  class Plane extends Chart {
    constructor(figure, spec) {
      super(figure, spec);
      this.view = null;
      this.series = ordered(spec.series);
      const named = this.series.filter((series) => series.name);
      if (named.length > 1) {
        this.legend(named.map((series) => [series.name, series]), (svg, series) => this.swatch(svg, series));
      }
      this.reset = element("button", "reset", this.tools, "Reset zoom");
      this.reset.type = "button";
      this.reset.hidden = true;
      this.reset.addEventListener("click", () => this.zoom(null));
      this.draw();
    }

    swatch(svg, series) {
      if (series.style === "columns") {
        make("rect", { x: 4, y: 1, width: 18, height: 10, style: `fill:${filling(series)};stroke:${ink(series)}` }, svg);
        return;
      }
      if (!loose(series)) make("path", { d: "M0 6H26", style: this.stroke(series) }, svg);
      if (series.style === "marked" || loose(series)) {
        make("path", { d: marker(series.order, 13, 6, 4), style: `fill:${ink(series)}` }, svg);
      }
    }

    stroke(series) {
      if (series.style === "reference") return "fill:none;stroke:var(--muted);stroke-width:1.3;stroke-dasharray:3 4";
      const dash = DASHES[series.order % DASHES.length];
      return `fill:none;stroke:${ink(series)};stroke-width:2;stroke-linejoin:round${dash ? `;stroke-dasharray:${dash}` : ""}`;
    }

    get visible() {
      return this.series.filter((series) => !this.hidden.has(series));
    }

    zoom(view) {
      this.view = view;
      this.reset.hidden = !view;
      this.hideTip();
      this.draw();
    }

    draw() {
      const { spec, width } = this;
      const shown = this.visible;
      const columns = shown.some((series) => series.style === "columns");
      const full = {
        x: domain(spec.x, shown.flatMap((series) => series.x), false),
        y: domain(spec.y, shown.flatMap((series) => series.y), columns),
      };
      const { x: xs, y: ys } = this.view || full;
      const yTicks = ticks(ys, 5, spec.y.percent);
      const left = Math.max(...yTicks.values.map((value) => yTicks.text(value).length), 1) * CHARACTER + 12;
      // Labels of marks stand above what is drawn.
      const [top, below] = [spec.marks.length ? 40 : 26, 44];
      const inner = Math.max(120, width - left - 12);
      const height = spec.square || spec.tall ? Math.min(inner, 400) : Math.min(320, Math.max(190, inner * 0.5));
      const [right, bottom] = [left + inner, top + height];
      const X = (value) => left + ((value - xs[0]) / (xs[1] - xs[0])) * inner;
      const Y = (value) => bottom - ((value - ys[0]) / (ys[1] - ys[0])) * height;
      this.frame = { left, right, top, bottom, xs, ys, X, Y, full };
      this.start(bottom + below);

      const xTicks = ticks(xs, Math.max(3, Math.floor(inner / 80)), spec.x.percent, spec.whole);
      for (const value of xTicks.values) {
        make("path", { d: `M${X(value).toFixed(1)} ${top}V${bottom}`, class: "grid" }, this.svg);
        write(this.svg, Math.min(X(value), right - 4), bottom + 17, "middle", xTicks.text(value), "tick");
      }
      for (const value of yTicks.values) {
        make("path", { d: `M${left} ${Y(value).toFixed(1)}H${right}`, class: "grid" }, this.svg);
        write(this.svg, left - 7, Y(value) + 4, "end", yTicks.text(value), "tick");
      }
      make("path", { d: `M${left} ${bottom}H${right}`, class: "axis" }, this.svg);
      write(this.svg, (left + right) / 2, bottom + 37, "middle", clip(spec.x.label, Math.floor(inner / CHARACTER)), "label");
      write(this.svg, 0, 13, "start", clip(spec.y.label, Math.floor(width / CHARACTER)), "label");

      const inside = make("svg", {
        x: left, y: top, width: inner, height, viewBox: `${left} ${top} ${inner} ${height}`, class: "inside",
      }, this.svg);
      // Where the data has values: below the axis, so that it hides nothing.
      for (const value of spec.rug) {
        if (value >= xs[0] && value <= xs[1]) make("path", { d: `M${X(value).toFixed(1)} ${bottom}v${RUG}`, class: "rug" }, this.svg);
      }
      for (const series of shown) this.drawSeries(series, inside);
      this.drawMarks();
      this.drawFollower();
      this.cross = make("path", { d: "", class: "cross" }, this.svg);
      this.dots = make("g", {}, this.svg);
      this.box = make("rect", { class: "box", visibility: "hidden" }, this.svg);
      this.listen(make("rect", { x: left, y: top, width: inner, height, class: "touch" }, this.svg));
    }

    drawSeries(series, parent) {
      const { X, Y } = this.frame;
      if (series.style === "columns") {
        const zero = Y(0);
        series.y.forEach((value, i) => {
          const [from, to, at] = [X(series.x[i]), X(series.x[i + 1]), Y(value)];
          make("rect", {
            x: (from + 0.4).toFixed(1), width: Math.max(0.4, to - from - 0.8).toFixed(1),
            y: Math.min(at, zero).toFixed(1), height: Math.abs(zero - at).toFixed(1),
            style: `fill:${filling(series)};fill-opacity:.72;stroke:${ink(series)};stroke-width:.8`,
          }, parent);
        });
        return;
      }
      const points = series.x.map((x, i) => (x !== null && series.y[i] !== null ? [X(x), Y(series.y[i])] : null));
      if (!loose(series)) make("path", { d: path(points), style: this.stroke(series), class: "line" }, parent);
      if (series.style === "marked" || loose(series)) {
        const small = series.style === "points";
        const d = points.map((point) => point && marker(series.order, ...point, small ? 2.4 : 4)).join("");
        make("path", { d, style: `fill:${ink(series)};fill-opacity:${small ? 0.5 : 1}` }, parent);
      }
    }

    drawMarks() {
      const { X, left, right, top, bottom } = this.frame;
      for (const mark of this.spec.marks) {
        const at = X(mark.threshold ? threshold : mark.at);
        if (at < left - 0.5 || at > right + 0.5) continue;
        make("path", { d: `M${at.toFixed(1)} ${top - 16}V${bottom}`, class: "mark" }, this.svg);
        const late = at > (left + right) / 2;
        const label = mark.threshold ? `${mark.label} ${threshold.toFixed(3)}` : mark.label;
        write(this.svg, at + (late ? -3 : 3), top - 6, late ? "end" : "start", label, "marked");
      }
    }

    // The point of the curve that the threshold slider stands for.
    drawFollower() {
      const at = this.spec.follow && followers[this.spec.follow]?.();
      if (!at) return;
      const { X, Y } = this.frame;
      make("circle", { cx: X(at[0]).toFixed(1), cy: Y(at[1]).toFixed(1), r: 6, class: "follower" }, this.svg);
    }

    listen(surface) {
      let from = null;
      surface.addEventListener("pointerdown", (event) => {
        if (event.pointerType === "touch" || event.button !== 0) return;
        from = this.place(event);
        surface.setPointerCapture(event.pointerId);
      });
      surface.addEventListener("pointermove", (event) => {
        const at = this.place(event);
        if (from && Math.hypot(at[0] - from[0], at[1] - from[1]) > 6) this.select(from, at);
        else this.hover(at);
      });
      surface.addEventListener("pointerup", (event) => {
        const at = this.place(event);
        if (from && Math.abs(at[0] - from[0]) > 6) this.zoomTo(from, at);
        from = null;
      });
      surface.addEventListener("pointerleave", () => this.leave());
      surface.addEventListener("dblclick", (event) => {
        if (this.view) this.zoom(null);
        else this.zoomAround(this.place(event)[0]);
      });
      this.svg.addEventListener("keydown", (event) => this.key(event));
      this.svg.addEventListener("blur", () => this.leave());
    }

    leave() {
      this.hideTip();
      this.cross.setAttribute("d", "");
      this.dots.replaceChildren();
      this.box.setAttribute("visibility", "hidden");
    }

    // Arrows move the pointer, Escape shows everything again.
    key(event) {
      const { left, right, top, bottom } = this.frame;
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step) {
        this.cursor = Math.min(right, Math.max(left, (this.cursor ?? (left + right) / 2) + (step * (right - left)) / 50));
        this.hover([this.cursor, (top + bottom) / 2]);
        event.preventDefault();
      } else if (event.key === "Escape") {
        this.zoom(null);
      }
    }

    select([x1, y1], [x2, y2]) {
      const { left, right, top, bottom } = this.frame;
      const tall = Math.abs(y2 - y1) > 24;
      const clampX = (x) => Math.min(right, Math.max(left, x));
      const clampY = (y) => Math.min(bottom, Math.max(top, y));
      const [a, b] = [clampX(Math.min(x1, x2)), clampX(Math.max(x1, x2))];
      const [c, d] = tall ? [clampY(Math.min(y1, y2)), clampY(Math.max(y1, y2))] : [top, bottom];
      for (const [name, value] of Object.entries({ x: a, y: c, width: b - a, height: d - c, visibility: "visible" })) {
        this.box.setAttribute(name, value);
      }
      this.hideTip();
    }

    zoomTo([x1, y1], [x2, y2]) {
      const { left, right, top, bottom, xs, ys } = this.frame;
      const toX = (x) => xs[0] + ((Math.min(right, Math.max(left, x)) - left) / (right - left)) * (xs[1] - xs[0]);
      const toY = (y) => ys[0] + ((bottom - Math.min(bottom, Math.max(top, y))) / (bottom - top)) * (ys[1] - ys[0]);
      const x = [toX(Math.min(x1, x2)), toX(Math.max(x1, x2))];
      const y = Math.abs(y2 - y1) > 24 ? [toY(Math.max(y1, y2)), toY(Math.min(y1, y2))] : this.fit(x);
      this.zoom({ x, y });
    }

    zoomAround(at) {
      const { left, right, xs } = this.frame;
      const middle = xs[0] + ((at - left) / (right - left)) * (xs[1] - xs[0]);
      const reach = (xs[1] - xs[0]) / 8;
      const x = [Math.max(xs[0], middle - reach), Math.min(xs[1], middle + reach)];
      this.zoom({ x, y: this.fit(x) });
    }

    // What the series span in y over a part of x.
    fit([from, to]) {
      const values = [];
      for (const series of this.visible) {
        if (series.style === "reference") continue;
        series.y.forEach((y, i) => {
          const x = series.x[i];
          if (x >= from && x <= to) values.push(y);
        });
        if (series.style === "columns") values.push(0);
        else for (const x of [from, to]) {
          const y = interpolate(series, x);
          if (y !== null) values.push(y);
        }
      }
      return values.length ? domain({}, values, false) : this.frame.ys;
    }

    hover([x, y]) {
      const { left, right, top, bottom, xs, X, Y } = this.frame;
      const { spec } = this;
      let value = xs[0] + ((x - left) / (right - left)) * (xs[1] - xs[0]);
      this.dots.replaceChildren();
      const cloud = this.visible.filter(loose);
      if (cloud.length && cloud.length === this.visible.filter((series) => series.order !== null).length) {
        return this.hoverPoint(cloud, x, y);
      }
      if (spec.whole) value = Math.round(value);
      this.cross.setAttribute("d", `M${X(value).toFixed(1)} ${top}V${bottom}`);
      const lines = [];
      let title = `${spec.x.label} ${number(value, spec.x.percent)}`;
      for (const series of this.visible) {
        if (series.order === null || loose(series)) continue;
        let at = null;
        if (series.style === "columns") {
          const i = series.y.findIndex((_, i) => value >= series.x[i] && value < series.x[i + 1]);
          if (i >= 0) {
            at = series.y[i];
            const [from, to] = [number(series.x[i], spec.x.percent), number(series.x[i + 1], spec.x.percent)];
            title = `${spec.x.label} ${from} to ${to}`;
          }
        } else {
          at = interpolate(series, value);
          if (at !== null) {
            const dot = { d: marker(series.order, X(value), Y(at), 4), style: `fill:${ink(series)}`, class: "dot" };
            make("path", dot, this.dots);
          }
        }
        if (at !== null) lines.push({ colour: ink(series), name: series.name, value: number(at, spec.y.percent) });
      }
      if (lines.length) this.showTip(X(value), y, title, lines);
      else this.hideTip();
    }

    hoverPoint(cloud, x, y) {
      const { X, Y } = this.frame;
      let best = null;
      for (const series of cloud) {
        series.x.forEach((at, i) => {
          const distance = Math.hypot(X(at) - x, Y(series.y[i]) - y);
          if (distance < 20 && (!best || distance < best.distance)) best = { distance, series, i };
        });
      }
      this.cross.setAttribute("d", "");
      if (!best) return this.hideTip();
      const { series, i } = best;
      const [px, py] = [X(series.x[i]), Y(series.y[i])];
      make("path", { d: marker(series.order, px, py, 5), style: `fill:${ink(series)}`, class: "dot" }, this.dots);
      this.showTip(px, py, cloud.length > 1 ? series.name : "", [
        { name: this.spec.x.label, value: number(series.x[i], this.spec.x.percent) },
        { name: this.spec.y.label, value: number(series.y[i], this.spec.y.percent) },
      ]);
    }
  }

