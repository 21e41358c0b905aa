// What every page does beyond being read: theme, copying, scroll boxes by keyboard, run panels where there are any.
import "katex/dist/katex.min.css";
import "./styles/fonts.css";
import "./styles/base.css";
import "./styles/text.css";
import "./styles/frame.css";
import "./styles/home.css";
import "./styles/paper.css";
import "./styles/tags.css";
import "./styles/results.css";
import "./styles/panel.css";
import "./styles/search.css";
import "./styles/forms.css";
import "./styles/discussion.css";
import "./styles/print.css";
import { copyButtons, copyFormulas } from "./copy.ts";
import { searchField } from "./find.ts";
import { mountPanel } from "./panels.ts";
import { scrollBoxes } from "./scroll-boxes.ts";
import { themeToggle } from "./theme-toggle.ts";

themeToggle();
copyButtons();
copyFormulas();
scrollBoxes();
searchField();
if (document.querySelector("form[data-editor]"))
  void import("./editor.ts").then(({ summaryEditor }) => summaryEditor());
mountPanel();
