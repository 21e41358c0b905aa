import "katex/dist/katex.min.css";
import "./styles/site.css";
