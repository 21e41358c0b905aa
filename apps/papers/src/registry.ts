// One line per paper. Command line, site, tools and the tests of the frame read it; none of them names a paper.
export { paper as adversarial } from "@reprise/adversarial/paper";
export { paper as bitFlip } from "@reprise/bit-flip/paper";
export { paper as fasttext } from "@reprise/fasttext/paper";
export { paper as maskRcnn } from "@reprise/mask-rcnn/paper";
export { paper as tcc } from "@reprise/tcc/paper";
