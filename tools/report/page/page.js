/* SPDX-License-Identifier: Apache-2.0
 *
 * Lays out the month that stands in the page as JSON. Names of hospitals and groups are anybody's texts: they get in by
 * textContent only. Amounts are exact texts and stay texts; numbers are made for the lengths of bars alone. */
'use strict';
(function () {
  const root = document.documentElement;
  const INK = '#1d2733', QUIET = '#5b6876', AXIS = '#aeb8c3';
  const GAIN = '#2878b5', LOSS = '#c0452b', BAR = '#4a86b8';
  const SERIES = { budget: '#9aa7b4', cost: '#d49a3a', standard: '#4a86b8', fund_payment: '#2d6a4f' };
  const FONT = '-apple-system, "Segoe UI", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "Noto Sans CJK SC", ' +
    '"Source Han Sans SC", "WenQuanYi Micro Hei", Arial, sans-serif';
  const LONG = 24; /* letters of a name that may be broken into lines */
  const BARS_SHOWN = 40;
  const PRINT_WIDTH = 1020; /* what A4 across leaves, in CSS pixels */

  /* What goes wrong is left where a person, or a test, can find it. */
  function record(what, message) {
    root.setAttribute('data-' + what, (root.getAttribute('data-' + what) || '') + message + '\n');
  }
  window.addEventListener('error', (event) => record('errors', event.message));
  window.addEventListener('unhandledrejection', (event) => record('errors', String(event.reason)));
  document.addEventListener('securitypolicyviolation', (event) =>
    record('violations', event.violatedDirective + ' ' + event.blockedURI));

  let month, words, language;
  const sorted = {}; /* id of a table -> [column, direction] */
  let charts = [];

  /* ---- words and numbers ----------------------------------------------------------------------------------- */

  function word(key, number) {
    const both = words.get(key);
    const text = both ? both[language === 'zh' ? 0 : 1] : key;
    return number === undefined ? text : text.replace('{n}', grouped(String(number)));
  }

  /* 1234567.89 -> 1,234,567.89 */
  function grouped(text) {
    const point = text.indexOf('.');
    const whole = point < 0 ? text : text.slice(0, point);
    return whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',') + (point < 0 ? '' : text.slice(point));
  }

  function isDecimal(text) {
    return /^-?\d+(\.\d+)?$/.test(text);
  }

  function compareDecimal(a, b) {
    const minus = (text) => (text[0] === '-' ? 1 : 0);
    if (minus(a) !== minus(b)) {
      return minus(b) - minus(a);
    }
    if (minus(a)) {
      return compareDecimal(b.slice(1), a.slice(1));
    }
    const [p, q] = [a.split('.'), b.split('.')];
    const size = Math.max((p[1] || '').length, (q[1] || '').length);
    const [x, y] = [p, q].map((parts) => BigInt(parts[0] + (parts[1] || '').padEnd(size, '0')));
    return x < y ? -1 : x > y ? 1 : 0;
  }

  /* For axes and the ends of bars: 12,345,678 -> 1235万 or 12.3M */
  function brief(number) {
    const size = Math.abs(number);
    const units = language === 'zh' ? [[1e8, '亿'], [1e4, '万']] : [[1e9, 'bn'], [1e6, 'M'], [1e3, 'k']];
    const [scale, unit] = units.find((one) => size >= one[0]) || [1, ''];
    const value = number / scale;
    const places = scale === 1 || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
    return grouped(value.toFixed(places).replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '')) + unit;
  }

  /* ---- pieces of the page ---------------------------------------------------------------------------------- */

  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null));
    return element;
  }

  function nameOf(kind, text) {
    if (text === '' || kind === 'text') {
      return text || word('page_none');
    }
    return kind === 'word' ? word(text) : text.split(' ').map((one) => word(one)).join(' · ');
  }

  function shown(kind, value) {
    return kind === 'percent' ? value + '%' : isDecimal(value) ? grouped(value) : value;
  }

  const isWords = (kind) => ['text', 'word', 'words'].includes(kind);

  function cell(kind, value) {
    const td = make('td', isWords(kind) ? { class: 'words' } : {});
    if (value === null || (value === '' && !isWords(kind))) {
      return td;
    }
    if (Array.isArray(value)) { /* the word of a row below the others */
      td.append(word(...value));
      return td;
    }
    const text = String(value);
    td.setAttribute('data-value', text);
    if (isWords(kind)) {
      if (text.length > LONG) {
        td.classList.add('long');
      }
      td.append(text === '' ? make('span', { class: 'empty' }, word('page_none')) : nameOf(kind, text));
      return td;
    }
    td.append(shown(kind, text));
    if (text[0] === '-') {
      td.classList.add('below');
    }
    return td;
  }

  function row(columns, cells, attributes) {
    return make('tr', attributes, ...cells.map((value, i) => cell(columns[i][1], value)));
  }

  function compareCells(kind, a, b) {
    const [x, y] = [a, b].map((value) => (value === null ? '' : String(value)));
    if (isWords(kind)) {
      return nameOf(kind, x).localeCompare(nameOf(kind, y), language);
    }
    if (!isDecimal(x) || !isDecimal(y)) {
      return isDecimal(x) - isDecimal(y);
    }
    return compareDecimal(x, y);
  }

  function fillBody(body, id) {
    const { columns, rows } = month.tables[id];
    const order = rows.slice();
    if (sorted[id]) {
      const [column, direction] = sorted[id];
      order.sort((a, b) => direction * compareCells(columns[column][1], a[column], b[column]));
    }
    body.replaceChildren(...order.map((cells) => row(columns, cells)));
  }

  /* The first click sorts words upwards and numbers downwards, the next one turns it round, the third one undoes it. */
  function sortBy(id, column, head, body) {
    const first = isWords(month.tables[id].columns[column][1]) ? 1 : -1;
    const before = sorted[id] && sorted[id][0] === column ? sorted[id][1] : 0;
    if (before === -first) {
      delete sorted[id];
    } else {
      sorted[id] = [column, before === first ? -first : first];
    }
    markSorted(id, head);
    fillBody(body, id);
  }

  function markSorted(id, head) {
    [...head.cells].forEach((th, i) => {
      if (sorted[id] && sorted[id][0] === i) {
        th.setAttribute('aria-sort', sorted[id][1] > 0 ? 'ascending' : 'descending');
      } else {
        th.removeAttribute('aria-sort');
      }
    });
  }

  /* A long table of few columns, as several side by side; the rows below the others end the last one. */
  function splitTable(id, parts) {
    const { columns, rows, foot } = month.tables[id];
    const size = Math.ceil(rows.length / parts);
    return make('div', { class: 'parts', id: 'table-' + id }, ...[...Array(parts).keys()].map((part) => {
      const last = part === parts - 1 ? footRows(columns, foot) : [];
      return make('table', {},
        make('thead', {}, make('tr', {}, ...columns.map(([key, kind]) => make('th', headOf(key, kind), word(key))))),
        make('tbody', {}, ...rows.slice(part * size, (part + 1) * size).map((cells) => row(columns, cells))),
        make('tfoot', {}, ...last));
    }));
  }

  function headOf(key, kind) {
    return Object.assign({ scope: 'col', 'data-key': key, 'data-kind': kind }, isWords(kind) ? { class: 'words' } : {});
  }

  function footRows(columns, foot) {
    return foot.map((cells) => row(columns, cells, cells[0][0] === 'total' ? { class: 'total' } : {}));
  }

  function table(id, title) {
    const { columns, rows, foot } = month.tables[id];
    const head = make('tr'), body = make('tbody');
    columns.forEach(([key, kind], i) => {
      const button = make('button', { type: 'button', title: word('page_sort') }, nameOf('word', key));
      button.addEventListener('click', () => sortBy(id, i, head, body));
      head.append(make('th', headOf(key, kind), button));
    });
    markSorted(id, head);
    fillBody(body, id);
    return make('div', { class: 'scroll' }, make('table', { id: 'table-' + id },
      title ? make('caption', {}, word(title)) : null, make('thead', {}, head), body,
      rows.length || foot.length ? make('tfoot', {}, ...footRows(columns, foot)) : null));
  }

  /* ---- charts ---------------------------------------------------------------------------------------------- */

  /* The column of a table, as texts. */
  function column(id, key) {
    const { columns, rows } = month.tables[id];
    const at = columns.findIndex((one) => one[0] === key);
    return at < 0 ? null : rows.map((cells) => cells[at]);
  }

  function names(id) {
    const { columns, rows } = month.tables[id];
    return rows.map((cells) => nameOf(columns[0][1], cells[0]));
  }

  function tooltip(lines) {
    return {
      trigger: 'axis', axisPointer: { type: 'shadow' }, confine: true, transitionDuration: 0,
      textStyle: { color: INK, fontFamily: FONT, fontSize: 13 },
      formatter: (items) => {
        const box = make('div');
        lines(items[0].dataIndex).forEach((line, i) => box.append(make(i ? 'div' : 'b', {}, line)));
        return box;
      },
    };
  }

  function categories(list, width) {
    return {
      type: 'category', data: list.map((name) => name.replace(/\s+/g, ' ')), inverse: true, axisTick: { show: false },
      axisLine: { lineStyle: { color: AXIS }, onZero: false },
      axisLabel: { color: INK, fontFamily: FONT, fontSize: 12, interval: 0, width: width, overflow: 'truncate' },
    };
  }

  function values(format) {
    return {
      type: 'value', splitNumber: 4, minInterval: 1,
      splitLine: { lineStyle: { color: '#e8ecf1' }, showMinLine: false, showMaxLine: false },
      axisLabel: { color: QUIET, fontFamily: FONT, fontSize: 11, formatter: format, hideOverlap: true },
    };
  }

  function bar(data, format, color) {
    return {
      type: 'bar', data: data, barMaxWidth: 18, barCategoryGap: '32%', barGap: '15%', itemStyle: { color: color },
      label: {
        show: true, position: 'right', color: QUIET, fontFamily: FONT, fontSize: 11,
        formatter: (item) => (isFinite(item.value) ? format(item.value) : ''),
      },
    };
  }

  /* Bars to both sides of 0, the label outside. */
  function signedBars(texts) {
    const one = bar(texts.map((text) => {
      const value = Number(text);
      return {
        value: value, itemStyle: { color: value < 0 ? LOSS : GAIN },
        label: { position: value < 0 ? 'left' : 'right' },
      };
    }), (value) => brief(value));
    one.markLine = {
      silent: true, symbol: 'none', animation: false, label: { show: false }, data: [{ xAxis: 0 }],
      lineStyle: { color: AXIS, type: 'solid', width: 1 },
    };
    return one;
  }

  /* Room at both ends for the labels; width: of the bars, in pixels. */
  function signedAxis(texts, width) {
    const numbers = texts.map(Number);
    const low = Math.min(0, ...numbers), high = Math.max(0, ...numbers);
    const room = (high - low) * Math.min(1, 60 / Math.max(width - 120, 60)) || 1;
    const axis = values(brief);
    axis.min = low < 0 ? low - room : 0;
    axis.max = high > 0 ? high + room : 0;
    axis.axisLabel.showMinLabel = axis.axisLabel.showMaxLabel = false;
    axis.splitNumber = 5;
    return axis;
  }

  /* A figure with its caption; none without the library, or where the height is 0. options: of the width in pixels. */
  function chart(id, height, legend, options) {
    if (!window.echarts || height === 0) {
      return null;
    }
    const title = word('page_chart_' + id);
    const place = make('div', { class: 'chart', id: 'chart-' + id, role: 'img', 'aria-label': title });
    place.style.height = height + 'px';
    charts.push({ place: place, options: options });
    return make('figure', {}, make('figcaption', {}, title),
      legend && make('div', { class: 'legend' }, ...legend.map(([color, text]) => {
        const mark = make('i');
        mark.style.background = color;
        return make('span', {}, mark, text);
      })), place);
  }

  const barsHeight = (count, each, more) => (count === 0 ? 0 : more + count * each);

  /* The view box lets paper have them in another size. */
  function drawCharts(width) {
    for (const one of charts) {
      one.chart = one.chart || window.echarts.init(one.place, null, { renderer: 'svg' });
      one.chart.resize({ width: width || 'auto' });
      one.chart.setOption(Object.assign({ animation: false, textStyle: { fontFamily: FONT } },
        one.options(one.chart.getWidth())), true);
      const svg = one.place.querySelector('svg');
      svg.setAttribute('viewBox', '0 0 ' + one.chart.getWidth() + ' ' + one.chart.getHeight());
    }
  }

  function dropCharts() {
    charts.forEach((one) => one.chart && one.chart.dispose());
    charts = [];
  }

  const gainAndLoss = () => [[GAIN, word('page_gain')], [LOSS, word('page_loss')]];

  function poolChart() {
    const list = names('pools');
    const keys = Object.keys(SERIES).filter((key) => column('pools', key));
    const texts = keys.map((key) => column('pools', key));
    const legend = keys.map((key) => [SERIES[key], word(key)]);
    return chart('pools', barsHeight(list.length, keys.length * 19 + 18, 60), legend, () => ({
      grid: { left: 8, right: 78, top: 8, bottom: 4, containLabel: true },
      tooltip: tooltip((n) => [list[n]].concat(keys.map((key, i) => word(key) + ': ' + grouped(texts[i][n] || '-')))),
      xAxis: values(brief), yAxis: categories(list, 140),
      series: keys.map((key, i) => bar(texts[i].map((text) => (text === '' ? '-' : Number(text))), brief, SERIES[key])),
    }));
  }

  /* Where there are too many, those at both ends. */
  function ends(order) {
    const half = BARS_SHOWN / 2;
    return order.length <= BARS_SHOWN ? order : order.slice(0, half).concat(order.slice(-half));
  }

  function differenceChart(id, from) {
    const all = names(from), differences = column(from, 'difference').map((text) => text || '0');
    const payments = column(from, 'fund_payment'), costs = column(from, 'cost'), standards = column(from, 'standard');
    const order = ends(all.map((_, i) => i).sort((a, b) => compareDecimal(differences[b], differences[a]) || a - b));
    const texts = order.map((i) => differences[i]);
    return chart(id, barsHeight(order.length, 24, 46), gainAndLoss(), (width) => ({
      grid: { left: 8, right: 16, top: 8, bottom: 4, containLabel: true },
      tooltip: tooltip((n) => {
        const line = (key, list) => word(key) + ': ' + grouped(list[order[n]]);
        return [all[order[n]], line('difference', differences), line('standard', standards), line('cost', costs),
          line('fund_payment', payments)];
      }),
      xAxis: signedAxis(texts, width), yAxis: categories(order.map((i) => all[i]), 130),
      series: [signedBars(texts)],
    }));
  }

  function classChart() {
    const list = names('classes'), counts = column('classes', 'cases'), differences = column('classes', 'difference');
    const all = month.tables.classes.foot.at(-1)[1] || 1; /* of the month */
    const percent = (n) => grouped(String(n)) + ' · ' + (100 * n / all).toFixed(1) + '%';
    const axis = { gridIndex: 1 };
    const countAxis = values(brief);
    countAxis.max = Math.max(...counts, 1) * 1.45; /* room for the labels */
    countAxis.axisLabel.showMaxLabel = false;
    return chart('classes', barsHeight(list.length, 34, 56), null, (width) => ({
      title: [['2%', 'cases'], ['54%', 'difference']].map(([left, key]) => ({
        text: word(key), left: left, top: 0,
        textStyle: { color: QUIET, fontSize: 12, fontWeight: 400, fontFamily: FONT },
      })),
      grid: [{ left: 8, right: '52%', top: 22, bottom: 4, containLabel: true },
        { left: '54%', right: 10, top: 22, bottom: 4, containLabel: true }],
      tooltip: tooltip((n) => [list[n], word('cases') + ': ' + percent(counts[n]),
        word('difference') + ': ' + grouped(differences[n] || '-')]),
      axisPointer: { link: [{ yAxisIndex: 'all' }] },
      xAxis: [countAxis, Object.assign(signedAxis(differences, width / 2), axis)],
      yAxis: [categories(list, 110), Object.assign(categories(list, 110), axis, { axisLabel: { show: false } })],
      series: [bar(counts, percent, BAR), Object.assign(signedBars(differences), { xAxisIndex: 1, yAxisIndex: 1 })],
    }));
  }

  function ratioChart() {
    const list = names('ratios'), counts = column('ratios', 'cases'), shares = column('ratios', 'page_share');
    const colors = list.map((_, i) => (i < 10 ? GAIN : LOSS));
    return chart('ratios', 330, [[GAIN, word('page_below_standard')], [LOSS, word('page_above_standard')]], () => ({
      grid: { left: 8, right: 12, top: 14, bottom: 26, containLabel: true },
      tooltip: tooltip((n) => [list[n], word('cases') + ': ' + grouped(String(counts[n])) + ' · ' + shares[n] + '%']),
      xAxis: Object.assign(categories(list.map((name, i) => (i === 30 ? '≥300' : String(i * 10))), undefined), {
        inverse: false, name: word('page_ratio_axis'), nameLocation: 'middle', nameGap: 28,
        nameTextStyle: { color: QUIET, fontFamily: FONT, fontSize: 12 },
        axisLabel: { color: QUIET, fontFamily: FONT, fontSize: 11, interval: (i) => i % 5 === 0 },
      }),
      yAxis: values(brief),
      series: [{
        type: 'bar', barCategoryGap: '12%', data: counts.map((n, i) => ({ value: n, itemStyle: { color: colors[i] } })),
      }],
    }));
  }

  /* ---- the page -------------------------------------------------------------------------------------------- */

  function section(id, ...children) {
    return make('section', { id: id }, make('h2', {}, word('page_' + id)), make('p', { class: 'about' },
      word('page_about_' + id)), ...children);
  }

  function heading() {
    const buttons = [['zh', '中文'], ['en', 'English']].map(([code, name]) => {
      const button = make('button', { type: 'button', lang: code, 'aria-pressed': String(language === code) }, name);
      button.addEventListener('click', () => { window.location.hash = code; });
      return button;
    });
    return make('header', {}, make('h1', {}, word('page_title'), make('small', {}, word('page_subtitle'))),
      make('div', { class: 'languages', role: 'group', 'aria-label': '语言 Language' }, ...buttons));
  }

  function facts() {
    const keys = { policy: 'policy', methods: 'page_methods', scheme: 'scheme', image: 'image', casemix: 'page_casemix',
      note: 'policy-note' };
    return make('dl', { class: 'facts' }, ...Object.keys(keys).filter((key) => month[key]).map((key) =>
      make('div', {}, make('dt', {}, word(keys[key])), make('dd', {}, key === 'methods' ? methods() : month[key]))));
  }

  function methods() {
    return month.methods.split(/[ ,]+/).map((one) => word(one)).join(language === 'zh' ? '、' : ', ');
  }

  function notices() {
    return [
      month.demonstration
        ? make('div', { class: 'notice demonstration', role: 'alert' }, word('is-demonstration')) : null,
      window.echarts ? null : make('div', { class: 'notice charts' }, word('page_no_charts')),
    ];
  }

  function cards() {
    return make('div', { class: 'cards' }, ...month.figures.map(([key, kind, value, pool]) => {
      const title = word(key) + (pool === undefined ? '' : ' · ' + nameOf('word', pool)) +
        (kind === 'amount' ? word('page_yuan') : '');
      const text = value === null ? '' : String(value);
      return make('div', { class: 'card', 'data-figure': key, 'data-value': text },
        make('span', {}, title), make('b', text[0] === '-' ? { class: 'below' } : {}, shown(kind, text)));
    }));
  }

  function sections() {
    const figures = month.tables.pool_figures.rows.length > 0;
    return [
      section('pools', poolChart(), table('pools'), figures ? table('pool_figures', 'figures') : null),
      section('hospitals', differenceChart('hospitals', 'hospitals'), table('hospitals', 'page_by_hospital'),
        table('hospital_lines', 'page_by_line')),
      section('classes', classChart(), table('classes')),
      section('groups', differenceChart('groups', 'group_extremes'), table('group_extremes', 'page_extremes'),
        table('groups', 'page_largest')),
      section('ratios', ratioChart(), splitTable('ratios', 3)),
      section('left', make('div', { class: 'side' }, table('statuses', 'status'), table('reasons', 'page_reason'))),
      section('inputs', table('inputs')),
    ];
  }

  function contents() {
    const ids = ['pools', 'hospitals', 'classes', 'groups', 'ratios', 'left', 'inputs'];
    return make('nav', {}, ...ids.map((id) => make('a', { href: '#' + id }, word('page_' + id))));
  }

  function footer() {
    return make('footer', {}, make('p', {}, word('page_exact')), make('p', {}, word('page_aggregates')),
      window.echarts ? make('p', {}, word('page_library') + ' ' + month.library +
        ' (Apache License 2.0, Copyright 2017-2026 The Apache Software Foundation)') : null);
  }

  function show() {
    const at = window.scrollY;
    dropCharts();
    root.lang = language === 'zh' ? 'zh-CN' : 'en';
    document.title = word('page_title') + (month.policy ? ' · ' + month.policy : '');
    document.getElementById('page').replaceChildren(...[heading(), ...notices(), facts(), cards(), contents(),
      ...sections(), footer()].filter((part) => part !== null));
    drawCharts();
    window.scrollTo(0, at);
    root.setAttribute('data-ready', language);
  }

  function hashLanguage() {
    return { '#zh': 'zh', '#en': 'en' }[window.location.hash];
  }

  document.addEventListener('DOMContentLoaded', () => {
    month = JSON.parse(document.getElementById('month').textContent);
    words = new Map(Object.entries(month.words));
    language = hashLanguage() || month.language;
    show();
    const place = window.location.hash.slice(1);
    if (place && !hashLanguage() && document.getElementById(place)) {
      document.getElementById(place).scrollIntoView();
    }
    window.addEventListener('hashchange', () => {
      const asked = hashLanguage();
      if (asked && asked !== language) {
        language = asked;
        show();
      }
    });
    window.addEventListener('resize', () => drawCharts());
    window.addEventListener('beforeprint', () => drawCharts(PRINT_WIDTH));
    window.addEventListener('afterprint', () => drawCharts());
  });
})();
