/** Rules of the heap map's page, beside those of every page. */
import { classColours } from './legend.ts';

const rules = `
.page--map .masthead{padding:1.4rem 0 1rem}.page--map .brand{margin:0 0 .8rem}.page--map h1{font-size:clamp(1.4rem,1.1rem + 1.4vw,1.9rem)}
.page--map .machine-line{margin:.35rem 0 0}.page--map .meta{margin:.4rem 0 0}.page--map .notice{margin:.8rem 0 0}
.page--map #map{padding-top:.4rem}
.map-tools{position:sticky;top:0;z-index:4;background:var(--paper);padding:.7rem 0 .6rem;margin:0 0 .8rem;display:flex;flex-wrap:wrap;
  align-items:center;gap:.6rem 1.2rem;border-bottom:1px solid var(--line)}
.map-tools label{display:inline-flex;align-items:center;gap:.5rem;font-size:.88rem;color:var(--soft)}
.map-tools select,.map-tools button{font:inherit;font-size:.88rem;color:var(--ink);background:var(--surface);border:1px solid var(--faint);
  border-radius:4px;padding:.25rem .6rem;min-height:2.1rem;cursor:pointer}
.map-tools button{min-width:2.4rem}
.map-tools button:disabled{color:var(--faint);border-color:var(--line);cursor:default}
.map-buttons{display:inline-flex;gap:.35rem}
.scrub{flex:1 1 22rem;min-width:min(100%,16rem)}
.map-tools .scrub{gap:.8rem}
.scrub input{flex:1;min-width:6rem;accent-color:var(--accent)}
.scrub output{font-variant-numeric:tabular-nums;min-width:9.5rem;color:var(--ink);text-align:right}
.map-key{list-style:none;display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;margin:0 0 1rem;padding:0;font-size:.84rem;color:var(--soft);min-height:1.4rem}
.map-key li{display:inline-flex;align-items:center;gap:.4rem}
.map-key i{width:.95rem;height:.95rem;border-radius:2px;flex:none;outline:1px solid var(--line)}
.map-key .ramp{width:5rem}
.maps{display:grid;grid-template-columns:minmax(0,1fr);gap:1.75rem 2rem;margin:0 0 2rem}
@media (min-width:64rem){.maps--two{grid-template-columns:minmax(0,1fr) minmax(0,1fr)}}
.map{margin:0;min-width:0}
.map>figcaption{font-weight:650;margin:0 0 .5rem}
.map-frame{display:grid;grid-template-columns:auto minmax(0,1fr);gap:.3rem .5rem;font-size:.78rem;color:var(--faint);font-variant-numeric:tabular-nums}
.map-y{display:flex;flex-direction:column;justify-content:space-between;text-align:right;white-space:nowrap;line-height:1;min-width:4rem}
.map-x{grid-column:2;display:flex;justify-content:space-between;gap:.5rem;line-height:1.2}
.map-field,.strip-field{position:relative;background:var(--sunken);border:1px solid var(--line);border-radius:3px;overflow:hidden;
  touch-action:pan-y;user-select:none;-webkit-user-select:none}
.map-field{height:clamp(13rem,46vh,28rem);cursor:crosshair}
.map-field canvas,.strip-field canvas{display:block;width:100%;height:100%;image-rendering:pixelated}
.map-cursor{position:absolute;top:0;bottom:0;width:0;border-left:2px solid var(--ink);box-shadow:0 0 0 1px var(--surface);pointer-events:none}
.map-drag{position:absolute;border:1.5px solid var(--ink);background:color-mix(in oklab,var(--accent) 22%,transparent);pointer-events:none}
.map-busy{position:absolute;inset:0;padding:1rem;text-align:center;display:grid;place-items:center;color:var(--soft);font-size:.9rem}
[hidden]{display:none!important}
.strip-title{margin:.9rem 0 .35rem;font-size:.86rem;font-weight:600}
.strip-field{height:5.5rem}
.strip-mark{position:absolute;border:2px solid var(--ink);box-shadow:0 0 0 1px var(--surface);pointer-events:none;min-width:4px}
.strip-said{margin:.4rem 0 0;font-size:.84rem;min-height:2.7em;color:var(--soft);font-variant-numeric:tabular-nums}
.map-figures td,.map-figures thead th+th,.map-table td,.map-table thead th+th{text-align:right;white-space:nowrap}
.map-figures .means,.map-table .means{text-align:left;white-space:normal;color:var(--faint);font-size:.82rem;min-width:14rem}
.map-table,.map-figures{min-width:min(100%,34rem)}
.map-table tbody th{min-width:7.5rem}
@media (max-width:44rem){.map-y{min-width:3.2rem}.scrub output{min-width:0;flex-basis:100%;text-align:left}.map-tools .scrub{flex-wrap:wrap}
  .map-field{height:15rem}.map-figures{min-width:0}.map-figures thead th+th{white-space:normal}.map-figures th,.map-figures td{padding-left:.3rem;padding-right:.3rem}}
@media print{.map-tools,.strip-said{display:none}}
`;

/** The rules as text. */
export function heapMapStyle(): string {
  return classColours() + rules;
}
