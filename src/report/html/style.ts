/** The page's style sheet. One column of text beside its contents; wide things scroll by themselves, never the page. */
import { asProperties, darkTokens, lightTokens } from './tokens.ts';

const base = `
*,*::before,*::after{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%;scroll-padding-top:1.5rem}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
body{margin:0;background:var(--paper);color:var(--ink);font:400 1rem/1.6 var(--sans);overflow-wrap:break-word;
  font-kerning:normal}
h1,h2,h3{line-height:1.2;text-wrap:balance;margin:0;font-weight:650;letter-spacing:-.012em}
h1{font-size:clamp(1.75rem,1.2rem + 2.2vw,2.6rem);letter-spacing:-.025em}
h2{font-size:clamp(1.35rem,1.15rem + .8vw,1.75rem);letter-spacing:-.02em}
h3{font-size:1rem;margin:2rem 0 .75rem}
p,ul,dl{margin:0 0 1rem}
p{max-width:68ch;text-wrap:pretty}
ul{padding-left:1.2rem}
a{color:var(--accent);text-decoration-thickness:.06em;text-underline-offset:.18em}
a:hover{text-decoration-thickness:.12em}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:3px}
code,pre,.eyebrow{font-family:var(--mono)}
code{font-size:.9em}
cite{font-style:italic}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.note,.none,.figure-note{color:var(--faint);font-weight:400}
.note{font-size:.86rem}
p.note{max-width:80ch}
.skip{position:absolute;left:1rem;top:-4rem;background:var(--surface);padding:.5rem 1rem;z-index:9}
.skip:focus{top:.5rem}
`;

const frame = `
.page{max-width:82rem;margin:0 auto;padding:0 clamp(1rem,3vw,2.5rem) 4rem}
.masthead{padding:clamp(1.75rem,4vw,3.25rem) 0 1.75rem;border-bottom:1px solid var(--line)}
.brand{display:flex;align-items:center;gap:.7rem;font:600 .85rem/1 var(--mono);color:var(--soft);margin:0 0 1.4rem}
.brand svg{display:block;flex:none}
.brand .cell-off{fill:var(--line)}.brand .cell-on{fill:var(--accent)}
.machine-line{color:var(--soft);margin:.9rem 0 0;max-width:95ch}
.meta{display:flex;flex-wrap:wrap;gap:.35rem 1.6rem;margin:1rem 0 0;padding:0;list-style:none;font-size:.9rem;color:var(--soft)}
.meta b{font-weight:600;color:var(--ink)}
.layout-grid{display:grid;grid-template-columns:minmax(0,1fr);gap:0 2.75rem}
main{min-width:0}
.contents{padding:1.25rem 0;border-bottom:1px solid var(--line);font-size:.93rem}
.contents h2{font:600 .78rem/1.2 var(--sans);letter-spacing:.01em;color:var(--faint);margin:0 0 .6rem}
.contents ol{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.15rem 1.4rem}
.contents a{display:flex;align-items:baseline;gap:.5rem;padding:.28rem 0;color:var(--soft);text-decoration:none}
.contents a:hover{color:var(--ink);text-decoration:underline}
.contents a[aria-current]{color:var(--ink);font-weight:600}
.signs{display:inline-flex;gap:.1rem;flex-wrap:wrap;flex:none;max-width:4.6rem;align-self:center}
.signs svg{width:12px;height:12px;display:block}
@media (min-width:70rem){
  .layout-grid{grid-template-columns:11.75rem minmax(0,1fr)}
  .contents{position:sticky;top:0;align-self:start;max-height:100vh;overflow-y:auto;border:0;padding:3rem 0 2rem}
  .contents ol{flex-direction:column;gap:0}
  .contents li.tail-first{margin-top:.9rem;padding-top:.9rem;border-top:1px solid var(--line)}
  .contents a{justify-content:space-between}
}
section{padding:clamp(2.25rem,4.5vw,3.5rem) 0;border-bottom:1px solid var(--line)}
section:last-of-type{border-bottom:0}
section>h2,section>header{margin-bottom:1.25rem}
.eyebrow{font-size:.8rem;color:var(--faint);margin:0 0 .35rem}
.question{font-size:1.15rem;line-height:1.5;color:var(--soft);margin:.5rem 0 0;max-width:56ch}
.question+ul{margin:.9rem 0 0;padding-left:1.2rem;max-width:76ch}
.masthead .notice{margin:1.25rem 0 0}
.notice{border-left:3px solid var(--inconclusive);background:var(--surface);padding:.7rem 1rem;margin:0 0 1.5rem}
footer{color:var(--faint);font-size:.86rem;padding-top:1.5rem}
`;

const verdicts = `
.status{display:inline-flex;align-items:center;gap:.4rem;font-weight:600;font-size:.92rem;line-height:1.3;white-space:nowrap}
.sign path{fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
.sign{flex:none}
.status--supported{color:var(--supported)}.status--refuted{color:var(--refuted)}
.status--inconclusive{color:var(--inconclusive)}.status--not-applicable{color:var(--not-applicable)}
.tallies{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.9rem,1fr));gap:1px;padding:0;margin:1.75rem 0 0;list-style:none;
  background:var(--line);border:1px solid var(--line);border-radius:6px;overflow:hidden}
.how-to{margin:1.5rem 0 0}
.how-to summary{cursor:pointer;color:var(--soft);font-size:.92rem}
.how-to p{margin:.6rem 0 0;font-size:.92rem;color:var(--soft)}
.glance{list-style:none;margin:0;padding:0;border-top:1px solid var(--line)}
.glance li,.glance-head{display:grid;grid-template-columns:8.6rem minmax(0,1fr) 11.5rem 12rem;gap:.15rem 1.5rem}
.glance li{padding:.7rem 0;border-bottom:1px solid var(--line);align-items:baseline}
.glance-head{color:var(--faint);font-size:.8rem;padding:0 0 .45rem}
.glance .status{transform:translateY(.12rem)}
.glance a{color:inherit}
.glance-source,.glance-measured{font-size:.9rem;font-variant-numeric:tabular-nums}
.glance-source{color:var(--soft)}
.glance-head span:last-child,.glance-measured{text-align:right}
.glance .label{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
@media (max-width:56rem){
  .glance-head{display:none}
  .glance li{grid-template-columns:minmax(0,1fr) minmax(0,1fr);padding:1rem 0}
  .glance .status,.glance a{grid-column:1/-1}
  .glance-measured{text-align:left}
  .glance .label{position:static;display:block;width:auto;height:auto;clip-path:none;color:var(--faint);font-size:.8rem}
}
.tally{display:flex;flex-direction:column;gap:.15rem;background:var(--surface);padding:.85rem .9rem 1rem}
.tally-number{font-size:2.1rem;line-height:1.1;font-weight:600;letter-spacing:-.03em;font-variant-numeric:tabular-nums}
.tally--zero .tally-number{color:var(--faint);font-weight:400}
.verdicts{list-style:none;margin:0 0 2.5rem;padding:0;display:grid;gap:1.75rem 2rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,18.5rem),1fr))}
.verdict{border-top:2px solid currentColor;padding-top:.7rem;scroll-margin-top:1.5rem}
.verdict--supported{border-color:var(--supported)}.verdict--refuted{border-color:var(--refuted)}
.verdict--inconclusive{border-color:var(--inconclusive)}.verdict--not-applicable,.verdict--none{border-color:var(--not-applicable)}
.verdict--none .status{color:var(--faint);font-weight:400}
.verdict:target{background:var(--sunken);box-shadow:0 0 0 .6rem var(--sunken)}
.statement{font-weight:600;margin:.35rem 0 .25rem;line-height:1.4}
.sentence{margin:0 0 .5rem;color:var(--soft)}
.numbers{display:flex;flex-wrap:wrap;gap:.3rem 1.75rem;margin:0;font-size:.92rem}
.numbers dt,.pairs dt{color:var(--faint);font-size:.8rem;line-height:1.4}
.numbers dd,.pairs dd{margin:0;font-variant-numeric:tabular-nums}
.pairs{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,11rem),1fr));gap:.9rem 1.5rem}
.opening{display:grid;grid-template-columns:minmax(0,1fr);gap:1.25rem 2.25rem;margin:0 0 1.5rem}
.explain{min-width:0}.explain p:last-child{margin-bottom:0}
.opening--single{display:block}
@media (min-width:58rem){.opening{grid-template-columns:minmax(0,29rem) minmax(0,1fr)}}
.layout{margin:0;min-width:0}
.layout pre{margin:0;padding:1.1rem 1.2rem;font-size:.74rem;line-height:1.5;width:max-content;min-width:100%}
.layout .scroll{background:var(--surface);border:1px solid var(--line);border-radius:6px;margin:0}
.layout figcaption{font-size:.86rem;color:var(--faint);margin-top:.5rem}
`;

const tables = `
.scroll{position:relative;overflow-x:auto;max-width:100%;margin:0 0 1.75rem}
table{border-collapse:separate;border-spacing:0;font-size:.84rem;line-height:1.45;font-variant-numeric:tabular-nums}
table.results,table.facts,table.conduct,table.noise-table{width:100%}
caption{text-align:left;font-weight:600;padding:0 0 .6rem;font-size:.92rem}
th,td{padding:.4rem .65rem .4rem 0;text-align:left;vertical-align:baseline}
th:last-child,td:last-child{padding-right:0}
thead th{font-weight:400;color:var(--faint);font-size:.8rem;line-height:1.3;vertical-align:bottom;border-bottom:1px solid var(--line)}
thead th.number{white-space:normal}
tbody th{font-weight:500}
tbody td,tbody th{border-bottom:1px solid var(--line)}
.number{text-align:right;white-space:nowrap}
.interval,.noise .note{white-space:nowrap}
.results .interval,.results .none{color:var(--soft)}
.results td{white-space:nowrap}
.results td.noise{white-space:normal;min-width:6.6rem}
.results thead th:nth-child(4){min-width:4.4rem}
.results tbody th{min-width:9.5rem}
.parameters{list-style:none;padding:0;font-size:.88rem;color:var(--soft)}
.parameters strong{font-weight:600;color:var(--ink)}.parameters code{color:var(--faint);margin-left:.3rem}
.metrics .metric{padding-left:1.5rem}.results thead th.metric[colspan]{color:var(--soft);font-weight:600}
.scroll--tall{max-height:min(46rem,85vh);overflow:auto;border-bottom:1px solid var(--line)}
.scroll--tall thead th{position:sticky;top:0;background:var(--paper);z-index:2}
.results tr.group th{padding-top:1.3rem;font-weight:650;border-bottom-color:var(--faint)}
.results tbody:first-of-type tr.group th{padding-top:.7rem}
.group-name .note{margin-left:.6rem}
.results tr.twin th,.results tr.twin td{color:var(--faint)}
.results tbody tr:not(.group):hover td,.results tbody tr:not(.group):hover th{background:var(--sunken)}
.result .sign{display:inline-block;width:1em;text-align:center}
.result--faster,.result--slower{font-weight:600}
.result--no-difference,.result--inconclusive,td.result{color:var(--soft)}
.result--faster,.result--slower{color:var(--ink)}
.badge{display:inline-block;font-size:.74rem;line-height:1.4;font-weight:500;padding:0 .4rem;border:1px solid currentColor;border-radius:3px;
  white-space:nowrap;color:var(--soft)}
.badge--warn{color:var(--inconclusive)}.badge--measured{color:var(--accent)}.badge--missing{border-style:dashed}
.results td.picture div{height:1.45em;display:flex;align-items:center}
.forest{display:block;color:var(--soft)}
.forest .floor{fill:var(--line)}.forest .one{stroke:var(--faint);stroke-width:1}
.forest .reach{stroke:currentColor;stroke-width:2.5;fill:none}.forest circle{fill:currentColor}
.forest--faster{color:var(--series-0)}.forest--slower{color:var(--series-1)}
.forest--inconclusive circle{fill:var(--surface);stroke:currentColor;stroke-width:1.5}
.facts th{min-width:10rem;vertical-align:top}.facts td{vertical-align:top}.facts td:nth-child(2){min-width:11rem}
.facts .from{color:var(--faint);font-size:.82rem;min-width:12rem}
.conduct td:nth-child(3){min-width:10rem}
ul.plain{list-style:none;margin:0;padding:0}
.zero{color:var(--faint)}
.matrix{border-spacing:2px}
.matrix th{border:0;padding:.2rem .6rem;color:var(--soft);font-weight:500;text-align:right}
.matrix .across{text-align:left}.matrix .corner{vertical-align:bottom}
.matrix .cell{border:0;text-align:right;padding:.5rem .8rem;min-width:3.6rem;color:var(--ink);cursor:default;
  background:color-mix(in oklab,var(--heat-high) calc(var(--heat)*100%),var(--heat-low));print-color-adjust:exact}
.matrix .cell--none{background:none;color:var(--faint);text-align:center}
.matrix .cell--unsteady{outline:2px dotted var(--inconclusive);outline-offset:-2px}
.matrix .active{outline:2px solid var(--ink);outline-offset:-2px}
@media (max-width:44rem){
  .results tbody th,.results thead th:first-child{position:sticky;left:0;background:var(--paper);z-index:1;min-width:7.5rem;max-width:36vw}
  .scroll--tall thead th:first-child{z-index:3}
  .results tr.group th{max-width:none}
  .results tr.group .group-name{position:sticky;left:0;display:inline-block;max-width:calc(100vw - 2.5rem)}
}
`;

const charts = `
.figure{position:relative;margin:0 0 2.5rem;min-width:0}
.figure figcaption{margin:0 0 .7rem}
.figure-title{font-weight:650}.figure-note{font-size:.86rem;margin-left:.5rem}
.plots{background:var(--surface);border:1px solid var(--line);border-radius:6px;padding:1.1rem 1rem .6rem}
.plots--panels{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,23rem),1fr));gap:1.5rem 2rem}
.plots--matrix{display:flex;flex-wrap:wrap;gap:1.5rem 2.5rem}
.plots--matrix .plot{flex:0 1 auto;max-width:100%}
.plot{min-width:0}
.plot{border-radius:4px}
.plot .scroll{margin:0;padding:.25rem}
.plot:focus-visible{outline-offset:4px}
.panel-title{font-weight:600;font-size:.9rem;margin:0 0 .4rem}
.chart{display:block;width:100%;height:auto;overflow:visible;font:13px var(--sans);font-variant-numeric:tabular-nums}
.chart text{fill:var(--soft);stroke:var(--surface);stroke-width:4px;stroke-linejoin:round;paint-order:stroke}
.chart .phase-name{stroke:none}
.chart--narrow{display:none}
.chart--panel{max-width:34rem}
@media (max-width:44rem){.chart--panel{font-size:14.5px}.chart--wide{display:none}.chart--narrow{display:block}.plots{padding:.8rem .6rem .4rem}}
.grid{stroke:var(--line);fill:none;stroke-width:1}
.minor{stroke:var(--faint);fill:none;stroke-width:1}
.tick--x text{text-anchor:middle}.tick--y text{text-anchor:end}
.chart .axis-title{fill:var(--faint)}
.rule{stroke:var(--faint);stroke-width:1.25;stroke-dasharray:1 3;stroke-linecap:round;fill:none}
.rule--measured{stroke:var(--accent);stroke-dasharray:6 3}
.chart .rule-label{font-size:12px;fill:var(--soft)}
.stroke{fill:none;stroke:var(--hue,currentColor);stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.stroke--typescript{stroke-dasharray:8 5}.stroke--crossing{stroke-dasharray:1.5 5}
.band{fill:var(--hue);opacity:.13;stroke:none}
.whisker{fill:none;stroke:var(--hue);stroke-width:1.5}
.predicted{fill:none;stroke:var(--hue);stroke-width:1.5;stroke-dasharray:2 4;opacity:.8}
.predicted-mark{fill:none;stroke:var(--hue);stroke-width:1.25}
.shape{fill:var(--hue);stroke:var(--surface);stroke-width:1.25;paint-order:stroke}
.shape.hollow{fill:var(--surface);stroke:var(--hue);stroke-width:2;paint-order:normal}
.halo{fill:none;stroke:var(--inconclusive);stroke-width:1.5;stroke-dasharray:3 2}
.hair{fill:none;stroke:var(--hue);stroke-width:1;opacity:.7}
.direct text{fill:var(--hue)}
.off{display:none}
.series--quiet{opacity:.38}.series--quiet:hover,.series--quiet:has(.active){opacity:1}
.mark.active .shape{stroke:var(--ink);stroke-width:2.5}
.mark.active .bar,.mark.active .dot{stroke:var(--ink);stroke-width:2}
.bar,.dot{fill:var(--series-0)}
.bar-row--typescript .bar,.bar-row--typescript .dot{fill:var(--series-4)}
.bar-row--crossing .bar,.bar-row--crossing .dot{fill:var(--series-3)}
.bar-row--typescript .bar{fill:url(#hatch);stroke:var(--series-4)}.bar-row--crossing .bar{fill:url(#dots);stroke:var(--series-3)}
.bar-row .whisker{stroke:var(--ink);stroke-width:1.5}
.chart .bar-name{fill:var(--ink)}.chart .bar-words{font-size:12.5px}
.bar-row--baseline .bar-name{font-weight:650}
.legend,.key{list-style:none;display:flex;flex-wrap:wrap;margin:0 0 .7rem;padding:0;gap:.3rem .5rem;font-size:.88rem}
.key{margin:.7rem 0 0;gap:.3rem 1.4rem;color:var(--faint);font-size:.82rem}
.key li{display:inline-flex;align-items:center;gap:.45rem}
.legend li{display:inline-flex;align-items:center;gap:.45rem;padding:.15rem .6rem .15rem 0}
.legend-group{flex-wrap:wrap;flex-basis:100%}
.legend-group ul{list-style:none;display:flex;flex-wrap:wrap;margin:0;padding:0;gap:.3rem .35rem}
.legend button{display:inline-flex;align-items:center;gap:.45rem;font:inherit;color:var(--ink);background:var(--surface);cursor:pointer;
  border:1px solid var(--line);border-radius:4px;padding:.22rem .6rem .22rem .45rem;min-height:1.9rem}
.legend li:has(button){padding:0}
.legend .all-none{gap:.35rem}.legend .all-none button{padding-left:.6rem;color:var(--soft)}
.legend button:hover{border-color:var(--faint)}
.legend button[aria-pressed=false]{background:none;color:var(--faint);text-decoration:line-through}
.legend button[aria-pressed=false] .swatch{opacity:.3}
.swatch{display:block;flex:none}
.whisker-sample{width:1.1rem;height:.6rem;border:solid currentColor;border-width:0 1.5px;background:linear-gradient(currentColor,currentColor) center/100% 1.5px no-repeat}
.halo-sample{width:.95rem;height:.95rem;border:1.5px dashed var(--inconclusive);border-radius:50%}
.block{width:1.3rem;height:.75rem;display:inline-block;background:var(--series-0)}
.block.block--dot{width:.75rem;border:0;border-radius:50%}
.block--dot.block--typescript{background:var(--series-4)}.block--dot.block--crossing{background:var(--series-3)}
.block--typescript:not(.block--dot){background:repeating-linear-gradient(135deg,var(--series-4) 0 2.5px,var(--surface) 2.5px 5px);border:1px solid var(--series-4)}
.block--crossing:not(.block--dot){background:radial-gradient(var(--series-3) 1.4px,var(--surface) 1.6px) 0 0/5px 5px;border:1px solid var(--series-3)}
.tip{position:absolute;z-index:5;max-width:min(21rem,94%);background:var(--ink);color:var(--paper);padding:.55rem .75rem;border-radius:5px;
  font-size:.84rem;line-height:1.45;pointer-events:none;white-space:pre-line;font-variant-numeric:tabular-nums;box-shadow:0 4px 18px rgb(0 0 0/.22)}
.tip[hidden]{display:none}
.tip strong{display:block}
.phase{fill:var(--sunken)}.phase--other{fill:none}
.chart .phase-name{text-anchor:middle;font-size:12px;fill:var(--faint)}
.probe{fill:none;stroke:var(--series-0);stroke-width:4;stroke-linecap:round;opacity:.75}
.probe--second{stroke:var(--series-1);stroke-width:1.5;opacity:1}
.plot--probe{background:var(--surface);border:1px solid var(--line);border-radius:6px;padding:.8rem 1rem .4rem;margin:0 0 .9rem}
`;

const stillness = `
.key--pauses{margin:0 0 .8rem}
.strip-table td:nth-child(2){min-width:9rem}
.timelines{background:var(--surface);border:1px solid var(--line);border-radius:6px;padding:1rem;margin:0 0 .6rem}
.strips-of-time{list-style:none;margin:0;padding:0}
.strips-of-time li{display:grid;grid-template-columns:minmax(8rem,15rem) minmax(0,1fr);gap:.2rem .9rem;align-items:center;margin:0 0 .45rem}
.strip-name{font-size:.86rem;line-height:1.25;color:var(--soft);overflow-wrap:anywhere}
.strips-of-time svg{display:block;width:100%;height:1.5rem}
.ran{fill:var(--sunken)}
.pause--full{fill:var(--series-1)}.pause--minor{fill:var(--series-0)}.pause--start{fill:var(--series-2)}
.pause--step{fill:var(--series-4)}.pause--final{fill:var(--series-3)}.pause--release{fill:var(--series-5)}
.strips-side{margin:.8rem 0 .5rem;font-size:.84rem;font-weight:600;color:var(--soft)}.panel-title+.strips-side{margin-top:0}
.extremes{margin:.5rem 0 0}.extreme{white-space:nowrap}.plots .extreme .swatch{display:inline-block;width:2.25rem;height:1rem;vertical-align:-.2em}
.more-figure{margin:0 0 1.6rem}.more-figure>summary{display:inline-block;font-size:.88rem;color:var(--ink);background:var(--surface);border:1px solid var(--line);border-radius:4px;cursor:pointer;padding:.3rem .8rem;margin:0 0 .8rem}
.more-figure>summary:hover{border-color:var(--faint)}
.strip-ticks{display:flex;justify-content:space-between;font-size:.78rem;color:var(--faint);font-variant-numeric:tabular-nums}
.strip-table{margin:0 0 1.6rem}.strip-table summary{font-size:.88rem;color:var(--soft);cursor:pointer;padding:.3rem 0}
@media (max-width:44rem){.strips-of-time li{grid-template-columns:minmax(0,1fr)}.strip-ticks span:nth-child(even){display:none}}
`;

const raw = `
details.raw{margin:0 0 2rem;border-top:1px solid var(--line);border-bottom:1px solid var(--line)}
details.raw>summary{padding:.7rem 0;font-weight:600;cursor:pointer}
.raw-body{padding:.25rem 0 1.25rem}
.raw label{font-size:.88rem;color:var(--soft);display:inline-flex;gap:.6rem;align-items:center;margin:0 0 1rem;max-width:100%;flex-wrap:wrap}
.raw select{font:inherit;color:var(--ink);background:var(--surface);border:1px solid var(--faint);border-radius:4px;padding:.25rem .5rem;max-width:100%}
.strips{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,24rem),1fr));gap:0 40px}
.strip{margin:0 0 1.5rem;min-width:0}
.strip figcaption{font-size:.88rem;font-weight:600;margin:0 0 .2rem}
.strip svg{display:block;width:100%;height:auto;font:12px var(--sans)}
.strip svg text{fill:var(--faint)}
.strip .lane{stroke:var(--line)}
.strip .first{fill:none;stroke:var(--series-0);stroke-width:5;stroke-linecap:round;opacity:.5}
.strip .middle{stroke:var(--ink);stroke-width:1.5}
.strip .second{fill:none;stroke:var(--series-1);stroke-width:1.5}
.strip details summary{font-size:.84rem;color:var(--soft);cursor:pointer;padding:.25rem 0}
.strip table{font-size:.8rem}
.sources ul{font-size:.92rem}
.sources a{overflow-wrap:anywhere}
`;

const print = `
@media print{
  @page{margin:14mm}
  body{background:#fff;font-size:10pt}
  .contents,.skip,details.raw,.tip,.all-none{display:none!important}
  .page{max-width:none;padding:0}.layout-grid{display:block}
  .chart--narrow{display:none}.chart--wide{display:block}
  .scroll,.scroll--tall{overflow:visible;max-height:none}
  section{break-before:auto;padding:1.2rem 0}
  .figure,.verdict,.layout,tr{break-inside:avoid}h2,h3,caption{break-after:avoid}
  .results{font-size:7.5pt}.results td,.results tbody th{white-space:normal;min-width:0}
  a{color:inherit}
}
`;

const fonts =
  '--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans",sans-serif;' +
  '--mono:ui-monospace,"SF Mono","Cascadia Mono",Menlo,Consolas,"Liberation Mono",monospace';

/** The whole style sheet. Only screens get the dark scheme: paper is white. */
export function styleSheet(): string {
  const light = `:root{color-scheme:light dark;${fonts};${asProperties(lightTokens)}}`;
  const dark = `@media screen and (prefers-color-scheme:dark){:root{${asProperties(darkTokens)}}}`;
  return [light, dark, base, frame, verdicts, tables, charts, stillness, raw, print].join('\n');
}
