  // Whether a series is markers without a line.
  const loose = (series) => series.style === "points" || series.style === "dots";

  // The value of a line at x; null outside it.
  const interpolate = (series, x) => {
    const xs = series.x;
    let [low, high] = [0, xs.length - 1];
    if (high < 0 || !(x >= xs[0] && x <= xs[high])) return null;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (xs[middle] <= x) low = middle;
      else high = middle;
    }
    const [a, b] = [series.y[low], series.y[high]];
    if (a === null || b === null) return null;
    return xs[high] === xs[low] ? b : a + ((b - a) * (x - xs[low])) / (xs[high] - xs[low]);
  };

  // Room for the names of rows, and how many letters fit.
  const gutter = (names, width) => {
    const longest = Math.max(...names.map((name) => [...name].length), 1);
    const letters = Math.min(longest, Math.max(6, Math.floor((width * 0.38) / CHARACTER)));
    return [letters * CHARACTER * 1.1 + 12, letters];
  };

  const rowName = (svg, x, y, name, letters) => {
    const node = write(svg, x, y, "end", clipName(name, letters), "name");
    make("title", {}, node).textContent = name;
  };

  const scaleBelow = (chart, axis, [left, right, top, bottom], xs) => {
    const X = (value) => left + ((value - xs[0]) / (xs[1] - xs[0])) * (right - left);
    const marks = ticks(xs, Math.max(2, Math.floor((right - left) / 80)), axis.percent);
    for (const value of marks.values) {
      make("path", { d: `M${X(value).toFixed(1)} ${top}V${bottom}`, class: "grid" }, chart.svg);
      write(chart.svg, Math.min(X(value), right - 4), bottom + 17, "middle", marks.text(value), "tick");
    }
    const letters = Math.floor(chart.width / CHARACTER);
    const middle = axis.label.length * CHARACTER > right - left ? chart.width / 2 : (left + right) / 2;
    write(chart.svg, middle, bottom + 37, "middle", clip(axis.label, letters), "label");
    return X;
  };

  class Bars extends Chart {
    constructor(figure, spec) {
      super(figure, spec);
      this.series = ordered(spec.series);
      if (spec.series.length > 1) {
        this.legend(this.series.map((series) => [series.name, series]), (svg, series) => {
          make("rect", { x: 3, y: 1, width: 20, height: 10, rx: 2, style: `fill:${filling(series)}` }, svg);
        });
      }
      this.draw();
    }

    draw() {
      const { spec, width } = this;
      const shown = this.series.filter((series) => !this.hidden.has(series));
      const lanes = spec.stacked ? 1 : Math.max(1, shown.length);
      // A few bars may be thick, so that they do not look lost.
      const thickness = lanes === 1 ? (spec.categories.length <= 4 ? 34 : 16) : 12;
      const row = lanes * thickness + 10;
      const [left, letters] = gutter(spec.categories, width);
      const tail = shown.length === 1 || spec.stacked ? 52 : 44;
      const [right, top, bottom] = [width - tail, 4, 4 + row * spec.categories.length];
      const ends = spec.categories.flatMap((_, c) => {
        const values = shown.map((series) => series.values[c] ?? 0);
        return spec.stacked ? [values.reduce((sum, value) => sum + value, 0)] : values;
      });
      const xs = domain(spec.axis, ends, true);
      this.start(bottom + 44);
      const X = scaleBelow(this, spec.axis, [left, right, top, bottom], xs);
      spec.categories.forEach((name, c) => {
        const upper = top + row * c + 5;
        const group = make("g", { class: "row" }, this.svg);
        make("rect", { x: 0, y: upper - 5, width, height: row, class: "touch" }, group);
        rowName(group, left - 8, upper + (row - 10) / 2 + 4, name, letters);
        let end = 0;
        shown.forEach((series, lane) => {
          const value = series.values[c];
          if (value === null || value === undefined) return;
          const start = spec.stacked ? end : 0;
          end = start + value;
          const [from, to] = [X(Math.min(start, end)), X(Math.max(start, end))];
          const y = upper + (spec.stacked ? 0 : lane * thickness);
          make("rect", {
            x: from.toFixed(1), y: y.toFixed(1), width: Math.max(0, to - from).toFixed(1), height: thickness - 1.5, rx: 2,
            style: `fill:${filling(series)}`,
          }, group);
          if (!spec.stacked) {
            write(group, value < 0 ? X(0) + 5 : to + 5, y + thickness / 2 + 3.5, "start", number(value, spec.axis.percent), "value");
          }
        });
        if (spec.stacked) write(group, X(end) + 5, upper + thickness / 2 + 3.5, "start", number(end, spec.axis.percent), "value");
        group.addEventListener("pointermove", (event) => {
          const [x, y] = this.place(event);
          this.showTip(x, y, name, shown.map((series) => ({
            colour: ink(series), name: spec.series.length > 1 ? series.name : spec.axis.label,
            value: number(series.values[c], spec.axis.percent),
          })));
        });
        group.addEventListener("pointerleave", () => this.hideTip());
      });
      if (xs[0] < 0) make("path", { d: `M${X(0).toFixed(1)} ${top}V${bottom}`, class: "axis" }, this.svg);
    }
  }

  // From violet over grey to gold; grey for none.
  const STOPS = [[123, 82, 199], [176, 160, 156], [222, 146, 0]];
  const SHADES = 12;
  const shade = (share) => {
    const scaled = Math.min(1, Math.max(0, share)) * 2;
    const [from, to] = scaled < 1 ? [STOPS[0], STOPS[1]] : [STOPS[1], STOPS[2]];
    const part = scaled < 1 ? scaled : scaled - 1;
    return `rgb(${from.map((value, i) => Math.round(value + (to[i] - value) * part)).join(",")})`;
  };

  class Swarm extends Chart {
    constructor(figure, spec) {
      super(figure, spec);
      const key = element("span", "scale", this.tools);
      element("span", "", key, `${spec.colour}: low`);
      element("i", "", key).style.background = `linear-gradient(90deg, ${[0, 0.5, 1].map(shade).join(", ")})`;
      element("span", "", key, "high");
      const missing = element("span", "scale", this.tools);
      element("i", "none", missing).style.background = "var(--faint)";
      element("span", "", missing, "missing");
      this.draw();
    }

    draw() {
      const { spec, width } = this;
      const row = 36;
      const [left, letters] = gutter(spec.rows.map((row) => row.name), width);
      const [right, top, bottom] = [width - 12, 4, 4 + row * spec.rows.length];
      const xs = domain(spec.axis, spec.rows.flatMap((row) => row.x), true);
      this.start(bottom + 44);
      const X = scaleBelow(this, spec.axis, [left, right, top, bottom], xs);
      make("path", { d: `M${X(0).toFixed(1)} ${top}V${bottom}`, class: "axis" }, this.svg);
      this.points = [];
      spec.rows.forEach((category, index) => {
        const middle = top + row * (index + 0.5);
        rowName(this.svg, left - 8, middle + 4, category.name, letters);
        const crowd = new Map();
        const dots = new Map();
        category.x.forEach((value, i) => {
          if (value === null) return;
          const x = X(value);
          const cell = Math.round(x / 3);
          const n = crowd.get(cell) ?? 0;
          crowd.set(cell, n + 1);
          const step = (Math.ceil(n / 2) * 2.3) % (row / 2 - 3);
          const y = middle + (n % 2 ? -step : step);
          const share = category.colour[i];
          const bucket = share === null ? -1 : Math.min(SHADES - 1, Math.floor(share * SHADES));
          dots.set(bucket, (dots.get(bucket) ?? "") + `M${x.toFixed(1)} ${y.toFixed(1)}h0`);
          this.points.push({ x, y, name: category.name, at: value, value: category.value[i] });
        });
        // A path of round dots a shade: thousands of points stay a few elements.
        for (const [bucket, d] of [...dots].sort((a, b) => a[0] - b[0])) {
          make("path", { d, class: "dots", style: `stroke:${bucket < 0 ? "var(--faint)" : shade((bucket + 0.5) / SHADES)}` }, this.svg);
        }
      });
      this.halo = make("circle", { r: 5, class: "halo", visibility: "hidden" }, this.svg);
      const surface = make("rect", { x: left, y: top, width: right - left, height: bottom - top, class: "touch" }, this.svg);
      surface.addEventListener("pointermove", (event) => this.hover(this.place(event)));
      surface.addEventListener("pointerleave", () => this.leave());
    }

    leave() {
      this.halo.setAttribute("visibility", "hidden");
      this.hideTip();
    }

    hover([x, y]) {
      let best = null;
      for (const point of this.points) {
        const distance = Math.hypot(point.x - x, point.y - y);
        if (distance < 14 && (!best || distance < best.distance)) best = { distance, point };
      }
      if (!best) return this.leave();
      const { point } = best;
      this.halo.setAttribute("cx", point.x);
      this.halo.setAttribute("cy", point.y);
      this.halo.setAttribute("visibility", "visible");
      this.showTip(point.x, point.y, point.name, [
        { name: this.spec.colour, value: number(point.value) },
        { name: this.spec.axis.label, value: number(point.at) },
      ]);
    }
  }

  // Steps from one value to another: what raises it is hatched, what lowers it solid.
  class Waterfall extends Chart {
    constructor(figure, spec) {
      super(figure, spec);
      this.draw();
    }

    draw() {
      const { spec, width } = this;
      const row = 26;
      const rows = [spec.start, ...spec.steps, spec.end];
      const [left, letters] = gutter(rows.map(({ name }) => name), width);
      const [right, top, bottom] = [width - 62, 4, 4 + row * rows.length];
      const levels = [spec.start.value];
      for (const step of spec.steps) levels.push(levels.at(-1) + step.change);
      this.start(bottom + 44);
      const X = scaleBelow(this, spec.axis, [left, right, top, bottom], domain(spec.axis, levels, false));
      rows.forEach((item, i) => {
        const middle = top + row * (i + 0.5);
        const group = make("g", { class: "row" }, this.svg);
        make("rect", { x: 0, y: middle - row / 2, width, height: row, class: "touch" }, group);
        rowName(group, left - 8, middle + 4, item.name, letters);
        const isEnd = i === 0 || i === rows.length - 1;
        const [before, after] = isEnd ? [item.value, item.value] : [levels[i - 1], levels[i]];
        const text = isEnd ? number(item.value) : `${item.change < 0 ? "" : "+"}${number(item.change)}`;
        const [from, to] = [X(Math.min(before, after)), X(Math.max(before, after))];
        make("rect", {
          x: (isEnd ? from - 1.5 : from).toFixed(1), y: (middle - 9).toFixed(1), height: 18, rx: 1.5,
          width: isEnd ? 3 : Math.max(1, to - from).toFixed(1),
          style: `fill:${isEnd ? "var(--text)" : item.change > 0 ? "url(#hatch-up)" : "var(--down)"}`,
        }, group);
        write(group, to + 6, middle + 4, "start", text, "value");
        const next = i + 1 < rows.length - 1 ? levels[i] : spec.end.value;
        if (i + 1 < rows.length) {
          make("path", { d: `M${X(next).toFixed(1)} ${(middle + 9).toFixed(1)}v${row - 18}`, class: "axis" }, this.svg);
        }
        group.addEventListener("pointermove", (event) => {
          const [x, y] = this.place(event);
          const lines = isEnd ? [] : [{ name: "change", value: text }];
          this.showTip(x, y, item.name, [...lines, { name: isEnd ? spec.axis.label : "leads to", value: number(after) }]);
        });
        group.addEventListener("pointerleave", () => this.hideTip());
      });
    }
  }

  const followers = {};

  // The threshold slider: counts come from the table in #thresholds, shares are made of them here.
  const slider = () => {
    const input = document.getElementById("threshold");
    const source = document.getElementById("thresholds");
    if (!input || !source) return;
    const table = JSON.parse(source.textContent);
    const last = table.counts.tp.length - 1;
    const ratio = (part, whole) => (whole > 0 ? part / whole : 0);
    const cells = ({ tp, fp, positives, negatives }, i) => ({
      tp: tp[i], fp: fp[i], fn: positives - tp[i], tn: negatives - fp[i],
    });
    const show = (name, text) => {
      for (const node of document.querySelectorAll(`[data-live="${name}"]`)) node.textContent = text;
    };
    const update = () => {
      const i = Math.round(Number(input.value) * last);
      threshold = i / last;
      const counts = cells(table.counts, i);
      const rows = table.counts.positives + table.counts.negatives;
      for (const [name, count] of Object.entries(counts)) {
        show(name, count.toLocaleString("en"));
        show(`${name}-share`, `${(100 * ratio(count, rows)).toFixed(1)} %`);
        for (const node of document.querySelectorAll(`[data-heat="${name}"]`)) node.style.setProperty("--heat", ratio(count, rows));
      }
      const weights = cells(table.weighted ?? table.counts, i);
      const { tp, fp, fn, tn } = weights;
      for (const [name, weight] of Object.entries(weights)) {
        show(`${name}-weight`, `${(100 * ratio(weight, tp + fp + fn + tn)).toFixed(1)} %`);
      }
      const scores = {
        accuracy: ratio(tp + tn, tp + fp + fn + tn),
        precision: ratio(tp, tp + fp),
        recall: ratio(tp, tp + fn),
        specificity: ratio(tn, tn + fp),
        f1: ratio(2 * tp, 2 * tp + fp + fn),
      };
      for (const [name, score] of Object.entries(scores)) {
        show(name, score.toFixed(4));
        for (const node of document.querySelectorAll(`[data-meter="${name}"]`)) node.style.setProperty("--part", score);
      }
      show("threshold", threshold.toFixed(3));
      input.setAttribute("aria-valuetext", `threshold ${threshold.toFixed(3)}, recall ${scores.recall.toFixed(3)}, precision ${scores.precision.toFixed(3)}`);
      followers.roc = () => [1 - scores.specificity, scores.recall];
      followers.recall = () => (tp + fp > 0 ? [scores.recall, scores.precision] : null);
      for (const chart of drawn.values()) {
        if (chart.spec.follow || chart.spec.marks?.some((mark) => mark.threshold)) chart.draw();
      }
    };
    input.addEventListener("input", update);
    document.getElementById("threshold-reset")?.addEventListener("click", () => {
      input.value = 0.5;
      update();
    });
    update();
  };

  // The section in sight is marked in the navigation.
  const navigation = () => {
    const links = new Map([...document.querySelectorAll("nav.sections a")].map((link) => [link.hash.slice(1), link]));
    if (!links.size) return;
    const bar = document.querySelector("nav.sections .wide");
    const observer = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        for (const link of links.values()) link.removeAttribute("aria-current");
        const link = links.get(entry.target.id);
        link?.setAttribute("aria-current", "true");
        if (link) bar.scrollTo({ left: link.offsetLeft - bar.clientWidth / 2 + link.offsetWidth / 2 });
      }
    }, { rootMargin: "-20% 0px -70% 0px" });
    for (const id of links.keys()) {
      const section = document.getElementById(id);
      if (section) observer.observe(section);
    }
  };

  // Closed details are not printed: all are opened for the printer, and closed again.
  const printing = () => {
    let opened = [];
    addEventListener("beforeprint", () => {
      opened = [...document.querySelectorAll("details:not([open])")];
      for (const one of opened) one.open = true;
    });
    addEventListener("afterprint", () => {
      for (const one of opened) one.open = false;
    });
  };

  const kinds = { plane: Plane, bars: Bars, swarm: Swarm, waterfall: Waterfall };
  patterns();
  for (const figure of document.querySelectorAll("figure[data-chart]")) {
    const spec = specs.find((spec) => spec.id === figure.dataset.chart);
    if (spec) drawn.set(spec.id, new kinds[spec.kind](figure, spec));
  }
  slider();
  navigation();
  printing();

  // Anew when the width changes, not when a phone's address bar comes and goes.
  const widths = new Map();
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const chart = drawn.get(target.closest("figure").dataset.chart);
      const width = target.clientWidth;
      if (width > 0 && widths.get(chart) !== undefined && widths.get(chart) !== width) chart.draw();
      widths.set(chart, width);
    }
  });
  for (const chart of drawn.values()) observer.observe(chart.canvas);
})();
