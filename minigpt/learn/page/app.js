// The page at work: what it is made of, how it is walked, and what hovering and clicking do.

class App extends Builder {
  constructor(record) {
    super();
    this.record = record;
    this.engine = new Engine(record);
    this.a = this.engine.forward();
    this.d = this.engine.backward(this.a);
    this.derivation = new Derivation(this.engine, this.a, this.d);
    this.labels = record.sentence.labels;
    this.vocabulary = record.vocabulary.labels;
    this.stops = makeStops(record, new Set([...Object.keys(this.a), ...Object.keys(this.d)]));
    this.language = document.documentElement.lang === "zh" ? "zh" : "en";
    this.say = this.say.bind(this);
    this.wrongArrays = new Map();
    this.lit = null;
    this.current = 0;
    this.parameter = record.config.size < 50000 ? "wte.weight" : `h.${record.layers[0]}.attn.c_proj.weight`;
    this.rate = record.update.rates.indexOf(1) >= 0 ? record.update.rates.indexOf(1) : 9;
    this.explainer = new Explainer(this, document.getElementById("why"));
    this.tip = document.getElementById("tip");
    this.columnsOfVocabulary = this.chooseVocabulary();
    this.observer = new IntersectionObserver((entries) => this.show(entries), { rootMargin: "600px 0px" });
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    this.setTheme(dark.matches ? "dark" : "light");
    dark.addEventListener("change", () => this.setTheme(dark.matches ? "dark" : "light"));
    this.checked = this.check();
    this.build();
    this.listen();
  }

  say(key, values = {}) {
    return UI[this.language][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  }

  // Do the arrays computed here equal those of plain.py? [how many, largest difference, of which]
  check() {
    let worst = 0,
      worstName = "",
      n = 0;
    for (const [name, both] of Object.entries(this.record.check)) {
      [this.a[name], this.d[name]].forEach((array, i) => {
        const off = Math.abs(projection(array) - both[i]) / Math.max(1, Math.abs(both[i]));
        if (!(off <= worst)) [worst, worstName] = [off, name];
        n++;
      });
    }
    return [n / 2, worst, worstName];
  }

  chooseVocabulary() {
    const probs = this.a.probs,
      V = probs.shape[1],
      weight = new Float64Array(V);
    for (let i = 0; i < probs.data.length; i++) weight[i % V] = Math.max(weight[i % V], probs.data[i]);
    this.engine.targets.forEach((target, t) => {
      if (target !== -100) weight[this.engine.targetRow(t)] += 1e3 - t;
    });
    return range(V)
      .sort((i, j) => weight[j] - weight[i])
      .slice(0, MOST_VOCABULARY);
  }

  wrongOf(name) {
    const bug = this.record.bug;
    if (!bug || !bug.d[name]) return null;
    if (!this.wrongArrays.has(name)) {
      const wrong = unpacked(bug.d[name]),
        right = this.d[name];
      this.wrongArrays.set(name, { shape: right.shape, data: wrong.data });
    }
    return this.wrongArrays.get(name);
  }

  // --- drawing

  show(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) target.panel.draw(this.lit);
      else target.width = target.height = 0;
      target.drawn = isIntersecting;
    }
  }

  redraw() {
    for (const canvas of document.querySelectorAll("canvas.heat"))
      if (canvas.drawn) canvas.panel.draw(this.lit);
  }

  light(lit) {
    this.lit = lit;
    this.redraw();
  }

  setTheme(theme) {
    document.documentElement.dataset.theme = theme;
    this.redraw();
  }

  // --- walking

  goTo(number, smooth = false) {
    number = Math.max(0, Math.min(this.stops.length - 1, number));
    this.target = number;
    this.sections[number].scrollIntoView({ behavior: smooth ? "smooth" : "instant", block: "start" });
    this.current = number;
    this.mark();
  }

  walk(by) {
    this.explainer.close();
    this.goTo(this.current + by);
  }

  goToArray(kind, name) {
    const half =
      kind === "d" ? ["backward", "update"] : kind === "u" ? ["update"] : ["forward", "backward", "update"];
    const holds = (stop) => stop.arrays.some((array) => array.name === name);
    const stop =
      this.stops.find(
        (s) => half.includes(s.half) && holds(s) && s.arrays.find((x) => x.name === name).role !== "in",
      ) || this.stops.find(holds);
    if (!stop) {
      this.parameter = name
        .split(":")
        .pop()
        .replace(/\.as_.*/, "");
      this.rebuildStop(this.stops.find((s) => s.special === (kind === "u" ? "adamw" : "parameters")));
      this.goTo(this.stops.find((s) => s.special === (kind === "u" ? "adamw" : "parameters")).number);
      return;
    }
    this.goTo(stop.number);
    const box = this.sections[stop.number].querySelector(`.array[data-name="${name}"]`);
    if (box && box.getBoundingClientRect().bottom > innerHeight - 80)
      box.scrollIntoView({ behavior: "instant", block: "center" });
  }

  rebuildStop(stop) {
    const section = this.buildStop(stop);
    this.sections[stop.number].replaceWith(section);
    this.sections[stop.number] = section;
    for (const canvas of section.querySelectorAll("canvas.heat")) this.observer.observe(canvas);
  }

  mark() {
    const stop = this.stops[this.current];
    document.getElementById("scrub").value = this.current;
    document.getElementById("scrub").setAttribute("aria-valuetext", STOPS[stop.type][this.language][0]);
    document.getElementById("count").textContent = this.say("stopOf", {
      i: this.current + 1,
      n: this.stops.length,
    });
    const here = this.mapIdOf(stop);
    for (const [id, button] of this.mapButtons) {
      button.classList.toggle("here", id === here);
      if (id === here && this.markedId !== here) this.reveal(button);
    }
    this.markedId = here;
    document.body.dataset.stop = stop.id;
  }

  reveal(button) {
    const map = document.getElementById("map"),
      top = button.offsetTop - map.clientHeight / 2;
    map.scrollTop = Math.max(0, top);
  }

  scrolled() {
    const edge = innerHeight * 0.3;
    let current = 0;
    this.sections.forEach((section, n) => {
      if (section.getBoundingClientRect().top <= edge) current = n;
    });
    if (this.target !== undefined && this.sections[this.target].getBoundingClientRect().top > edge) {
      if (innerHeight + scrollY >= document.documentElement.scrollHeight - 2) current = this.target; // the last ones are short
    }
    if (current !== this.current) {
      this.current = current;
      this.mark();
    }
  }

  play(on) {
    clearInterval(this.timer);
    this.timer = null;
    if (on) {
      if (this.current === this.stops.length - 1) this.goTo(0);
      this.timer = setInterval(() => {
        if (this.current === this.stops.length - 1) this.play(false);
        else this.goTo(this.current + 1, true);
      }, 3500);
    }
    const button = document.getElementById("play");
    button.textContent = on ? "❚❚" : "▶";
    button.title = this.say(on ? "pause" : "play");
    button.setAttribute("aria-label", button.title);
    button.setAttribute("aria-pressed", String(Boolean(on)));
  }

  // --- listening

  listen() {
    const by = (id) => document.getElementById(id);
    by("previous").onclick = () => this.walk(-1);
    by("next").onclick = () => this.walk(1);
    by("play").onclick = () => this.play(!this.timer);
    this.play(false);
    by("scrub").oninput = (event) => this.walk(Number(event.target.value) - this.current);
    by("theme").onclick = () =>
      this.setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
    by("language").onclick = () => this.setLanguage(this.language === "en" ? "zh" : "en");
    addEventListener("keydown", (event) => this.key(event));
    let waiting = false;
    addEventListener(
      "scroll",
      () => {
        if (waiting) return;
        waiting = true;
        requestAnimationFrame(() => ((waiting = false), this.scrolled()));
      },
      { passive: true },
    );
    let width = innerWidth,
      resizing;
    addEventListener("resize", () => {
      if (innerWidth === width) return;
      width = innerWidth;
      clearTimeout(resizing);
      resizing = setTimeout(() => this.rebuild(), 150);
    });
    addEventListener("beforeprint", () => {
      for (const canvas of document.querySelectorAll("canvas.heat")) canvas.panel.draw(null);
    });
    const way = by("way");
    const cell = (event) => {
      const canvas = event.target.closest && event.target.closest("canvas.heat");
      const place = canvas && canvas.panel.cellAt(event);
      return place ? [canvas.panel, place] : null;
    };
    way.addEventListener("pointermove", (event) => this.hover(cell(event), event));
    way.addEventListener("pointerleave", () => this.hover(null));
    way.addEventListener("click", (event) => {
      const found = cell(event);
      if (found) this.explainer.open(found[0].kind, found[0].name, found[0].indexAt(found[1]));
    });
    way.addEventListener("focusin", (event) => {
      if (event.target.panel && event.target.matches(":focus-visible"))
        this.moveCursor(event.target.panel, [0, 0]);
    });
    way.addEventListener("focusout", (event) => {
      if (event.target.panel) this.moveCursor(event.target.panel, null);
    });
  }

  setLanguage(language) {
    this.language = language;
    this.rebuild();
    this.play(Boolean(this.timer));
  }

  rebuild() {
    const stop = this.current,
      offset = this.sections[stop].getBoundingClientRect().top;
    this.build();
    scrollTo({
      top: scrollY + this.sections[stop].getBoundingClientRect().top - offset,
      behavior: "instant",
    });
  }

  hover(found, event) {
    const panel = found && found[0];
    if (this.hovered && this.hovered !== panel) {
      this.hovered.hover = null;
      if (this.hovered.twin) this.hovered.twin.hover = null;
      this.redrawOne(this.hovered);
    }
    this.hovered = panel;
    if (!found) {
      this.tip.hidden = true;
      this.lightLines(null);
      return;
    }
    const place = found[1];
    if (!panel.hover || panel.hover.join() !== place.join()) {
      panel.hover = place;
      panel.twin = this.twinOf(panel);
      if (panel.twin) panel.twin.hover = place;
      this.redrawOne(panel);
      this.lightLines(panel);
    }
    this.showTip(panel, place, event.clientX, event.clientY);
  }

  redrawOne(panel) {
    for (const p of [panel, panel.twin]) if (p && p.canvas.drawn) p.draw(this.lit);
  }

  // The gradient's panel for the value's, and the other way round.
  twinOf(panel) {
    const figures = [...panel.canvas.closest(".panels").querySelectorAll("canvas.heat")].map((c) => c.panel);
    const first = panel.index(panel.rows[0], panel.columns[0]).join();
    return figures.find(
      (p) => p !== panel && p.name === panel.name && p.index(p.rows[0], p.columns[0]).join() === first,
    );
  }

  showTip(panel, place, x, y) {
    const { say } = this,
      index = panel.indexAt(place),
      { kind, name } = panel;
    const lines = [
      `${symbolOf(kind === "d" ? "a" : kind, name)}${index.length ? `[${index.join(", ")}]` : ""}`,
    ];
    const token = this.explainer.tokenOf(kind, name, index);
    if (token) lines[0] += ` ${token}`;
    if (kind === "u") lines.push(show(at(panel.array, index), 6));
    else {
      const own = this.a[name] || this.engine.w[name];
      if (own) lines.push(`${say("value")} ${show(at(own, index), 6)}`);
      if (this.d[name]) lines.push(`${say("gradient")} ${show(at(this.d[name], index), 6)}`);
      const wrong = kind === "d" && this.wrongOf(name);
      if (wrong && isWrong(this.d[name], wrong, index, panel.largestRight))
        lines.push(`<b>${say("wrong")} ${show(at(wrong, index), 6)}</b>`);
    }
    this.tip.innerHTML = lines.join("<br>");
    this.tip.hidden = false;
    const box = this.tip.getBoundingClientRect();
    this.tip.style.left = Math.max(4, Math.min(innerWidth - box.width - 4, x + 14)) + "px";
    this.tip.style.top = (y + 18 + box.height > innerHeight ? y - box.height - 12 : y + 18) + "px";
  }

  // The lines of code that made the array.
  lightLines(panel) {
    for (const line of document.querySelectorAll(".code .lit")) line.classList.remove("lit");
    if (!panel) return;
    const numbers = linesOf(this.record.source.made, panel.kind, panel.name);
    for (const number of numbers) {
      for (const line of document.querySelectorAll(`.code span[data-line="${number}"]`))
        line.classList.add("lit");
    }
  }

  moveCursor(panel, place) {
    panel.cursor = place && [
      Math.max(0, Math.min(panel.rows.length - 1, place[0])),
      Math.max(0, Math.min(panel.columns.length - 1, place[1])),
    ];
    if (panel.canvas.drawn) panel.draw(this.lit);
    if (!panel.cursor) {
      this.tip.hidden = true;
      return;
    }
    this.lightLines(panel);
    const box = panel.canvas.getBoundingClientRect();
    this.showTip(
      panel,
      panel.cursor,
      box.left + panel.left + panel.cursor[1] * panel.cell.w,
      box.top + panel.top + panel.cursor[0] * panel.cell.h,
    );
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const on = document.activeElement,
      panel = on && on.panel;
    if (event.key === "Escape") {
      this.explainer.close();
      if (panel) on.blur();
      return;
    }
    if (on && /^(INPUT|SELECT)$/.test(on.tagName)) return;
    const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (panel) {
      const place = panel.cursor || [0, 0];
      if (steps) this.moveCursor(panel, [place[0] + steps[0], place[1] + steps[1]]);
      else if (event.key === "Enter") this.explainer.open(panel.kind, panel.name, panel.indexAt(place));
      else return;
    } else if (steps && steps[1]) this.walk(steps[1]);
    else if (event.key === " " && (!on || on.tagName !== "BUTTON")) this.play(!this.timer);
    else return;
    event.preventDefault();
  }
}

const app = new App(JSON.parse(document.getElementById("record").textContent));
