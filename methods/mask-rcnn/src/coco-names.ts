// COCO's 80 categories by their ids, 1 … 90 with gaps: the classes of torchvision's published networks.
const rows = [
  "1 person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant",
  "13 stop sign,parking meter,bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe",
  "27 backpack,umbrella",
  "31 handbag,tie,suitcase,frisbee,skis,snowboard,sports ball,kite,baseball bat,baseball glove,skateboard",
  "42 surfboard,tennis racket,bottle",
  "46 wine glass,cup,fork,knife,spoon,bowl,banana,apple,sandwich,orange,broccoli,carrot,hot dog,pizza,donut,cake",
  "62 chair,couch,potted plant,bed",
  "67 dining table",
  "70 toilet",
  "72 tv,laptop,mouse,remote,keyboard,cell phone,microwave,oven,toaster,sink,refrigerator",
  "84 book,clock,vase,scissors,teddy bear,hair drier,toothbrush",
];

/** Names by id. */
export const cocoNames: ReadonlyMap<number, string> = new Map(
  rows.flatMap((row) => {
    const [, first, names] = row.match(/^(\d+) (.*)$/)!;
    return names!.split(",").map((name, i): [number, string] => [Number(first) + i, name]);
  }),
);
