#pragma once

#include "report/html.h"

namespace pagehaul::report {

/// The page's style. Two palettes, each with a contrast of at least 4.5 for text and 3 for what is drawn; the
/// browser tests hold it to that.
constexpr Literal style = R"(
:root{--page:#f4f6f9;--card:#fff;--ink:#182030;--soft:#505b6d;--line:#dce1e9;--track:#e6eaf0;--bar:#2f66c4;--pale:#7d95bd;
--good:#136b42;--good-bg:#e3f4ea;--careful:#845100;--careful-bg:#fdf1dc;--bad:#b0231b;--bad-bg:#fdeae8;--busy:#1d56b5;
--busy-bg:#e6effc;--mark-good:#1f8f5a;--mark-careful:#b97200;--code:#eef1f6;--edge:#1820302b;--edge-line:#8592a8;--shadow:0 1px 2px #1820300f,0 4px 14px #18203008}
@media (prefers-color-scheme:dark){:root{--page:#0e1219;--card:#171d27;--ink:#e7ebf2;--soft:#a3aec0;--line:#2b3443;
--track:#252e3c;--bar:#6f9ef0;--pale:#5a78ad;--good:#58cf98;--good-bg:#12291f;--careful:#efbc63;--careful-bg:#2c2312;
--bad:#ff9188;--bad-bg:#331816;--busy:#8db6ff;--busy-bg:#142440;--mark-good:#3fb37d;--mark-careful:#d99a35;--code:#222a37;--edge:#0009;--edge-line:#5d6b82;
--shadow:none}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0 auto;max-width:66rem;padding:clamp(1rem,4vw,2.5rem) clamp(.75rem,3.5vw,2rem);background:var(--page);color:var(--ink);
font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
h1,h2,h3,p,ul,dl,figure{margin:0}
h1{font-size:clamp(1.6rem,5vw,2.3rem);line-height:1.15;letter-spacing:-.02em;font-weight:680}
h2{font-size:1.25rem;letter-spacing:-.01em;font-weight:650;margin-bottom:.6rem}
h3{font-size:.98rem;font-weight:600;line-height:1.4}
p+p{margin-top:.5rem}
b{font-weight:620}
bdi>span{white-space:nowrap}
a{color:var(--busy)}
a:focus-visible,summary:focus-visible,[tabindex]:focus-visible{outline:2px solid var(--busy);outline-offset:2px;border-radius:4px}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.86em}
code{background:var(--code);padding:.1em .35em;border-radius:4px}
.over{color:var(--soft);font-size:.9rem}
.when{color:var(--soft);margin:.4rem 0 1.25rem;font-size:.92rem}
.note,.cut{color:var(--soft);font-size:.88rem}
.verdict{display:grid;grid-template-columns:auto 1fr;gap:.5rem 1rem;align-items:center;padding:1.1rem 1.25rem;border-radius:14px;border:1px solid;margin-bottom:1rem}
.verdict>div{min-width:0;grid-column:2}
.verdict .headline{font-size:1.3rem;font-weight:680;line-height:1.25;letter-spacing:-.01em}
.verdict .reason{font-size:.93rem;border-left:3px solid var(--edge-line);padding-left:.7rem}
.verdict .exit{font-size:.85rem;color:var(--soft);font-variant-numeric:tabular-nums}
.verdict code{background:none;padding:0;font-weight:600}
.sign{flex:none;width:2.4rem;height:2.4rem}
.sign circle{fill:currentColor}
.sign path{fill:none;stroke:var(--card);stroke-width:2.2;stroke-linecap:round;stroke-linejoin:round}
.verdict.good{background:var(--good-bg);border-color:var(--mark-good)}
.verdict.careful{background:var(--careful-bg);border-color:var(--mark-careful)}
.verdict.bad{background:var(--bad-bg);border-color:var(--bad)}
.verdict.busy{background:var(--busy-bg);border-color:var(--bar)}
.good>.sign,.good>.headline,b.good{color:var(--good)}
.careful>.sign,.careful>.headline,b.careful{color:var(--careful)}
.bad>.sign,.bad>.headline,b.bad{color:var(--bad)}
.busy>.sign,.busy>.headline,b.busy{color:var(--busy)}
.figures{display:grid;grid-template-columns:repeat(4,1fr);gap:.6rem}
.figures>div{background:var(--card);border-radius:12px;padding:.75rem .9rem;box-shadow:var(--shadow);border:1px solid var(--line)}
.figures dt{color:var(--soft);font-size:.82rem}
.figures dd{margin:.1rem 0 0;font-size:1.4rem;font-weight:640;letter-spacing:-.015em;line-height:1.2;font-variant-numeric:tabular-nums}
.figures small{display:block;font-size:.8rem;font-weight:400;letter-spacing:0;color:var(--soft);margin-top:.15rem}
.figures .careful dd{color:var(--careful)}
.figures .bad dd{color:var(--bad)}
.figures.small{grid-template-columns:repeat(auto-fit,minmax(5.6rem,1fr));margin-bottom:1rem}
.figures.small>div{padding:.5rem .7rem;box-shadow:none}
.figures.small dd{font-size:1.05rem}
nav ul{display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;list-style:none;padding:0;margin:1.1rem 0 0;font-size:.92rem}
section{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:clamp(1rem,3vw,1.5rem);margin-top:1.1rem;
box-shadow:var(--shadow);min-width:0}
section>*+*{margin-top:.8rem}
section>h2+*{margin-top:0}
.parts{display:block;width:100%;height:1.1rem;border-radius:6px}
.rest{fill:var(--track);background:var(--track)}
.fill-good{fill:var(--mark-good);background:var(--mark-good)}
.fill-careful{fill:var(--mark-careful);background:var(--mark-careful)}
.fill-pale{fill:var(--pale);background:var(--pale)}
.fill-none{fill:var(--bad);background:var(--bad)}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.2rem;list-style:none;padding:0;font-size:.9rem;margin-top:.5rem}
.legend i{display:inline-block;width:.75em;height:.75em;border-radius:3px;margin-right:.45em}
.scroll{position:relative;overflow-x:auto;background:linear-gradient(to right,var(--card) 30%,transparent) left/2.5rem 100% no-repeat local,linear-gradient(to left,var(--card) 30%,transparent) right/2.5rem 100% no-repeat local,
linear-gradient(to right,var(--edge),transparent) left/.7rem 100% no-repeat scroll,linear-gradient(to left,var(--edge),transparent) right/.7rem 100% no-repeat scroll;border:1px solid var(--line);border-radius:10px;-webkit-overflow-scrolling:touch}
table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums;overflow-wrap:normal}
caption{text-align:left;color:var(--soft);font-size:.82rem;padding:.55rem .7rem .1rem}
th,td{padding:.45rem .7rem;text-align:right;vertical-align:top;border-top:1px solid var(--line);white-space:nowrap}
thead th{border-top:0;color:var(--soft);font-weight:550;font-size:.82rem;vertical-align:bottom}
th:first-child,td.text,.why td{text-align:left}
tbody th{font-weight:500;white-space:normal;min-width:9rem;max-width:26rem;overflow-wrap:break-word}
tbody th.wide{min-width:14rem}
td.text{white-space:normal;min-width:14rem;overflow-wrap:anywhere}
th.text,th.word,td.word{text-align:left}
.why td{border-top:0;padding-top:0;color:var(--soft);white-space:normal;overflow-wrap:anywhere;font-size:.86rem}
th.bar,td.bar{width:34%;min-width:6rem;text-align:left}
td.bar i{display:block;height:.8em;margin-top:.3em;border-radius:3px;background:var(--bar)}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
details>summary{cursor:pointer;color:var(--busy);font-size:.9rem;padding:.25rem 0;width:fit-content}
details[open]>summary{margin-bottom:.4rem}
figcaption{color:var(--soft);font-size:.88rem;margin-bottom:.9rem}
.plot{display:grid;grid-template-columns:auto 1fr;gap:0 .55rem}
.plot svg{display:block;width:100%;height:clamp(9rem,26vw,14rem);fill:var(--bar);overflow:visible}
.plot .y{position:relative;min-width:1.6rem;font-size:.76rem;color:var(--soft);font-variant-numeric:tabular-nums}
.y span{position:absolute;right:0;transform:translateY(50%);line-height:1}
.plot .y::before{content:"0,000";visibility:hidden}
.plot .x{grid-column:2;position:relative;height:1.5rem;font-size:.76rem;color:var(--soft);font-variant-numeric:tabular-nums}
.x span{position:absolute;top:.35rem;transform:translateX(-50%);white-space:nowrap;line-height:1.2}
.x span.first{transform:none}
.x span.last{transform:translateX(-100%)}
.grid{stroke:var(--line);stroke-width:1;vector-effect:non-scaling-stroke}
.pause{stroke:var(--soft);stroke-width:1.5;stroke-dasharray:4 4;vector-effect:non-scaling-stroke}
.pale{fill:var(--pale)}
.hit{fill:transparent}
g:hover>.hit{fill:var(--track)}
article{border:1px solid var(--line);border-radius:10px;padding:.8rem 1rem}
article details{margin-top:.35rem}
.count{color:var(--careful);font-weight:640;white-space:nowrap}
.samples{list-style:none;padding:0}
.samples li{border-top:1px solid var(--line);padding:.6rem 0 .2rem;font-size:.9rem}
.samples p+p{margin-top:.15rem}
pre{background:var(--code);border-radius:8px;padding:.7rem .8rem;margin:.45rem 0;white-space:pre-wrap;max-height:16rem;overflow:auto}
.facts{display:grid;gap:.5rem 1.5rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,17rem),1fr))}
.facts dt{color:var(--soft);font-size:.82rem}
.facts dd{margin:0}
footer{color:var(--soft);font-size:.85rem;margin-top:1.4rem}
@media (max-width:48rem){.figures{grid-template-columns:repeat(2,1fr)}}
@media (max-width:34rem){.verdict{gap:.5rem .75rem;padding:1rem}.verdict>div{grid-column:1/-1}.sign{width:2rem;height:2rem}th,td{padding:.45rem .6rem}
th.bar,td.bar{display:none}
.figures.small{grid-template-columns:repeat(3,1fr)}tbody th,tbody th.wide{min-width:7.5rem;max-width:50vw}bdi>span{white-space:normal}
.slices tbody th{position:sticky;left:0;background:var(--card)}
.figures dd{font-size:1.2rem}}
@media print{body{background:#fff}section,.figures>div{box-shadow:none;break-inside:avoid}}
)";

}  // namespace pagehaul::report
