/**
 * The page's stylesheet. Prose is set in a serif, everything measured in a sans with tabular digits; colour
 * is kept for models and poles. Light values are the defaults, dark ones apply on dark screens, and paper is
 * always white.
 */

export const LIGHT = {
  paper: '#fdfcf9',
  tint: '#f5f2ea',
  ink: '#1c1b19',
  muted: '#5d5a54',
  rule: '#d8d4ca',
  base: '#0b5fa5',
  aligned: '#b43a08',
  'pole-a': '#00706a',
  'pole-b': '#8b3a94',
}

export const DARK: typeof LIGHT = {
  paper: '#151513',
  tint: '#20201d',
  ink: '#e8e5de',
  muted: '#a9a59b',
  rule: '#3b3934',
  base: '#7ab6ee',
  aligned: '#f4966a',
  'pole-a': '#54c2b6',
  'pole-b': '#d99be0',
}

const variables = (colours: typeof LIGHT) =>
  Object.entries(colours)
    .map(([name, value]) => `--${name}:${value}`)
    .join(';')

export const STYLE = `
:root{color-scheme:light dark;${variables(LIGHT)};
--serif:Charter,"Bitstream Charter","Sitka Text",Cambria,Georgia,serif;
--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
@media screen and (prefers-color-scheme:dark){:root{${variables(DARK)}}}
*{box-sizing:border-box}
html{background:var(--paper);color:var(--ink);-webkit-text-size-adjust:100%;text-size-adjust:100%;scroll-padding-top:1rem}
body{margin:0 auto;padding:0 16px 5rem;max-width:732px;font:17px/1.5 var(--serif);font-variant-numeric:lining-nums;overflow-wrap:anywhere;hyphens:manual}
h1,h2,h3,.kind,nav,table,caption,dl,figcaption,summary,.status,.question,.pointer,.ask{font-family:var(--sans)}
h1{font-size:1.9rem;line-height:1.15;letter-spacing:-.015em;margin:.2rem 0 1.1rem;font-weight:650}
h2{font-size:1.3rem;line-height:1.25;letter-spacing:-.01em;margin:0 0 .6rem;font-weight:650}
h3{font-size:.95rem;line-height:1.3;margin:1.8rem 0 .4rem;font-weight:650}
p{margin:0 0 .9rem;max-width:40rem}
ul,ol{margin:0 0 .9rem;padding-left:1.2rem;max-width:40rem}
li{margin:.25rem 0}
a{color:inherit;text-decoration-color:var(--muted);text-decoration-thickness:1px;text-underline-offset:.18em}
a:hover{text-decoration-color:currentColor}
:focus-visible{outline:2px solid var(--base);outline-offset:2px}
code{font-family:var(--mono);font-size:.86em}
data,.n{font-variant-numeric:tabular-nums lining-nums}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:.5rem;background:var(--paper);padding:.4rem .6rem;z-index:1}
header{padding-top:2.4rem}
.kind{font-size:.8rem;color:var(--muted);margin:0}
nav{font-size:.85rem;margin:1.6rem 0 0;padding:.7rem 0;border-block:1px solid var(--rule)}
nav ol{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.1rem 1.1rem;max-width:none}
nav a{text-decoration:none;color:var(--muted);display:inline-block;padding:.15rem 0}
nav a:hover{color:var(--ink);text-decoration:underline}
section{margin-top:3.2rem}
section+section{border-top:2px solid var(--ink);padding-top:1rem}
dl{margin:0 0 1rem}
dd{margin:0}
.facts{font-size:.85rem;line-height:1.45}
.facts>div{display:grid;grid-template-columns:8.5rem 1fr;gap:0 1rem;padding:.28rem 0;border-top:1px solid var(--rule)}
.facts>div:last-child{border-bottom:1px solid var(--rule)}
.facts dt{color:var(--muted)}
.facts .facts{margin:0;font-size:1em}
.facts .facts>div:first-child{border-top:0;padding-top:0}
.facts .facts>div:last-child{border-bottom:0;padding-bottom:0}
.facts code{margin-right:.4em}
.inputs{display:grid;grid-template-columns:repeat(auto-fill,minmax(20rem,1fr));column-gap:2rem}
.inputs>div:last-child{border-bottom:0}
.a{color:var(--pole-a)}
.b{color:var(--pole-b)}
.terms{font-size:.88rem;line-height:1.5}
.terms>div{display:grid;grid-template-columns:9rem 1fr;gap:0 1rem;padding:.4rem 0;border-top:1px solid var(--rule)}
.terms dt{font-weight:600}
.verdict{font-size:1.75rem;line-height:1.2;letter-spacing:-.01em;margin:.2rem 0 .5rem;max-width:none}
.lead{font-size:1.08rem;line-height:1.5;max-width:38rem}
.question{color:var(--muted);margin:-.3rem 0 1rem;font-size:.95rem}
.status{font-size:.9rem;margin:0 0 .7rem;color:var(--muted)}
.status .answer{color:var(--ink);font-weight:650;margin-right:.5em}
.status .is{color:var(--ink)}
.is{white-space:nowrap}
.mark{display:inline-block;min-width:1em;text-align:center}
.pointer{font-size:.85rem;margin:0 0 .8rem}
.warnings{border:1px solid var(--ink);border-left-width:5px;padding:.7rem 1rem .3rem;margin:1.4rem 0 1.8rem;background:var(--tint)}
.warnings h3{margin:0 0 .3rem}
.warnings li{font-size:.95rem}
.ask{display:block;color:var(--muted);font-size:.92em;font-weight:400}
.scroll{overflow-x:auto;margin:1.3rem 0 1.6rem}
table{border-collapse:collapse;font-size:.82rem;line-height:1.4;min-width:100%;border-bottom:1px solid var(--ink);font-variant-numeric:tabular-nums lining-nums;overflow-wrap:break-word}
caption{caption-side:top;text-align:left;color:var(--muted);font-size:.82rem;padding:0 0 .45rem;max-width:min(40rem,calc(100vw - 32px));position:sticky;left:0}
th,td{text-align:left;vertical-align:top;padding:.34rem .9rem .34rem 0;border-top:1px solid var(--rule);font-weight:400}
th:last-child,td:last-child{padding-right:0}
thead th{border-top:1px solid var(--ink);border-bottom:1px solid var(--ink);font-weight:600;vertical-align:bottom}
tbody tr:first-child>*{border-top:0}
.long{min-width:11rem}
.n{text-align:right;white-space:nowrap}
thead .n{white-space:normal}
.ci{color:var(--muted)}
.hash{font-size:.78em;word-break:break-all;display:inline-block;min-width:11rem}
.all{font-size:.76rem}
.all th[scope=row]{min-width:15rem}
.all .name th{font-weight:600;padding-top:1rem;border-top:1px solid var(--ink)}
.all .name .ci{font-weight:400}
.all tbody:first-of-type .name th{padding-top:.4rem;border-top:0}
figure{margin:1.8rem 0 2.2rem}
figcaption{font-size:.85rem;line-height:1.5;color:var(--muted);max-width:40rem;margin-bottom:.9rem}
figcaption b{color:var(--ink);font-weight:650}
svg{display:block;max-width:100%;height:auto;overflow:visible}
svg text{font-variant-numeric:tabular-nums}
.narrow{display:none}
.card{border-top:1px solid var(--rule);margin:2rem 0;padding-top:.2rem}
.context{margin:.8rem 0}
.above{font-family:var(--sans);font-size:.82rem;color:var(--muted);margin:.9rem 0 .4rem}
.heat{font-family:var(--mono);font-size:.78rem;line-height:1.7;margin:0;max-width:none;white-space:pre-wrap;-webkit-print-color-adjust:exact;print-color-adjust:exact}
.heat .who{display:block;font-family:var(--sans);color:var(--muted);line-height:1.4}
.heat .peak{text-decoration:underline}
.base .h1{background:color-mix(in srgb,var(--base) 12%,transparent)}.aligned .h1{background:color-mix(in srgb,var(--aligned) 12%,transparent)}
.base .h2{background:color-mix(in srgb,var(--base) 24%,transparent)}.aligned .h2{background:color-mix(in srgb,var(--aligned) 24%,transparent)}
.base .h3{background:color-mix(in srgb,var(--base) 36%,transparent)}.aligned .h3{background:color-mix(in srgb,var(--aligned) 36%,transparent)}
.base .h4{background:color-mix(in srgb,var(--base) 48%,transparent)}.aligned .h4{background:color-mix(in srgb,var(--aligned) 48%,transparent)}
.base .h5{background:color-mix(in srgb,var(--base) 60%,transparent)}.aligned .h5{background:color-mix(in srgb,var(--aligned) 60%,transparent)}
.poled .a1{background:color-mix(in srgb,var(--pole-a) 12%,transparent)}.poled .b1{background:color-mix(in srgb,var(--pole-b) 12%,transparent)}
.poled .a2{background:color-mix(in srgb,var(--pole-a) 24%,transparent)}.poled .b2{background:color-mix(in srgb,var(--pole-b) 24%,transparent)}
.poled .a3{background:color-mix(in srgb,var(--pole-a) 36%,transparent)}.poled .b3{background:color-mix(in srgb,var(--pole-b) 36%,transparent)}
.poled .a4{background:color-mix(in srgb,var(--pole-a) 48%,transparent)}.poled .b4{background:color-mix(in srgb,var(--pole-b) 48%,transparent)}
.poled .a5{background:color-mix(in srgb,var(--pole-a) 60%,transparent)}.poled .b5{background:color-mix(in srgb,var(--pole-b) 60%,transparent)}
.pairs{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,17rem),1fr));gap:.8rem;margin:.8rem 0}
.token{white-space:pre;background:var(--tint);padding:0 .2em}
details{margin:.6rem 0 1rem}
summary{cursor:pointer;font-size:.85rem;color:var(--muted);padding:.25rem 0}
summary:hover{color:var(--ink)}
details[open]>summary{margin-bottom:.3rem}
details .scroll{margin-top:.4rem}
@media screen and (max-width:731px){
body{font-size:16px}
.wide{display:none}.narrow{display:block}
header{padding-top:1.4rem}
h1{font-size:1.6rem}
.verdict{font-size:1.45rem}
.facts>div,.terms>div{grid-template-columns:1fr}
.facts .facts>div{grid-template-columns:7rem 1fr}
.inputs{display:block}.inputs>div{grid-template-columns:8.5rem 1fr}
.n .ci{display:block}
th[scope=row]{min-width:4.6rem}
.all th[scope=row]{min-width:9rem}
table{font-size:.78rem}
th,td{padding-right:.7rem}
}
@media screen and (min-width:1080px){
body{max-width:996px;display:grid;grid-template-columns:200px 732px;column-gap:64px;padding-inline:0}
header{grid-column:2;grid-row:1}
main{grid-column:2;grid-row:2}
nav{grid-column:1;grid-row:1/span 2;position:sticky;top:2.6rem;align-self:start;border:0;margin:2.9rem 0 0;padding:0}
nav ol{display:block}
nav li{margin:.12rem 0}
}
@media print{
@page{size:A4;margin:17mm 16mm 18mm}
:root{--paper:#fff;--tint:#fff}
body{font-size:10pt;max-width:none;padding:0}
header{padding-top:0}
h1{font-size:20pt}h2{font-size:14pt}.verdict{font-size:16pt}.lead{font-size:10.5pt}
nav,.skip,.pointer,details:not([open]){display:none}
p,ul,ol,caption,figcaption,.lead{max-width:none}
section{margin-top:1.6rem}
section+section{margin-top:1.8rem}
h2,h3,caption,thead,figcaption,.question,.status{break-after:avoid}
figure,tr,.facts>div,.terms>div,.warnings,.inputs{break-inside:avoid}
.scroll{overflow:visible}
table,.facts,.terms,figcaption,caption{font-size:8.5pt}
.all{font-size:7pt}
a{text-decoration:none}
}
`
