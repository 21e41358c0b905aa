// Training steps in TensorFlow.js: answers {"net": …, "steps": n, "images": m} with the seconds of n steps on batches of m
// images, the loss, and the backend.
// The folder given has @tensorflow/tfjs and @tensorflow/tfjs-backend-wasm in node_modules. The backend is WASM where the
// network trains there, plain JavaScript elsewhere, and the answer says what WASM lacks. Weight decay is left out, which
// its optimizer does not have.
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const load = createRequire(join(process.argv[2], "index.js"));
console.warn = () => {}; // an advertisement for another package
const tf = load("@tensorflow/tfjs");
load("@tensorflow/tfjs-backend-wasm").setWasmPaths(
  join(process.argv[2], "node_modules/@tensorflow/tfjs-backend-wasm/dist/"),
);

const weight = (...shape) => tf.variable(tf.randomNormal(shape, 0, 0.05));
const zeros = (n) => tf.variable(tf.zeros([n]));
const ones = (n) => tf.variable(tf.ones([n]));
const dense = (inputs, outputs) => {
  const [w, b] = [weight(inputs, outputs), zeros(outputs)];
  return (x) => x.matMul(w).add(b);
};
const conv = (inputs, outputs, k, stride = 1) => {
  const w = weight(k, k, inputs, outputs);
  return (x) => tf.conv2d(x, w, stride, "same");
};
const biased = (inputs, outputs, k) => {
  const [c, b] = [conv(inputs, outputs, k), zeros(outputs)];
  return (x) => c(x).add(b);
};
const normal = (n) => {
  const [scale, shift] = [ones(n), zeros(n)];
  return (x) => {
    const { mean, variance } = tf.moments(x, [0, 1, 2]);
    return tf.batchNorm(x, mean, variance, shift, scale, 1e-5);
  };
};
const chain =
  (...layers) =>
  (x) =>
    layers.reduce((y, layer) => layer(y), x);
const pool = (x) => tf.maxPool(x, 2, 2, "valid");
const flat = (x) => x.reshape([x.shape[0], -1]);
const relu = tf.relu;

function resnet20() {
  const layers = [conv(3, 16, 3), normal(16), relu];
  let inputs = 16;
  for (const [outputs, first] of [
    [16, 1],
    [32, 2],
    [64, 2],
  ]) {
    for (let k = 0; k < 3; k++) {
      const stride = k === 0 ? first : 1;
      const more = outputs - inputs;
      const body = chain(
        conv(inputs, outputs, 3, stride),
        normal(outputs),
        relu,
        conv(outputs, outputs, 3),
        normal(outputs),
      );
      const shortcut = (x) => {
        const y = stride === 1 ? x : tf.avgPool(x, 1, 2, "valid"); // every second place; its strided slice has no gradient
        return more === 0
          ? y
          : y.pad([
              [0, 0],
              [0, 0],
              [0, 0],
              [more / 2, more / 2],
            ]);
      };
      layers.push((x) => relu(body(x).add(shortcut(x))));
      inputs = outputs;
    }
  }
  return chain(...layers, (x) => x.mean([1, 2]), dense(64, 10));
}

const networks = {
  mlp: () => [chain(flat, dense(784, 100), tf.sigmoid, dense(100, 100), tf.sigmoid, dense(100, 10)), [28, 28, 1]],
  lenet: () => [
    chain(biased(1, 32, 5), relu, pool, biased(32, 64, 5), relu, pool, flat, dense(3136, 256), relu, dense(256, 10)),
    [28, 28, 1],
  ],
  resnet20: () => [resnet20(), [32, 32, 3]],
};

function start(net, images) {
  const [forward, image] = networks[net]();
  const shape = [images, ...image];
  const x = tf.randomNormal(shape);
  const t = tf.oneHot(tf.range(0, shape[0], 1, "int32").mod(tf.scalar(10, "int32")), 10);
  const optimizer = tf.train.momentum(0.01, 0.9);
  return async () => {
    const loss = optimizer.minimize(() => tf.losses.softmaxCrossEntropy(t, forward(x)), true);
    const [value] = await loss.data();
    loss.dispose();
    return value;
  };
}

const trainings = new Map();
async function trainingOf(net, images) {
  await tf.setBackend("wasm");
  await tf.ready();
  let missing = "";
  try {
    const step = start(net, images);
    await step();
    return { step, backend: "wasm", missing };
  } catch (error) {
    missing = String(error.message).split("\n")[0];
    tf.disposeVariables();
  }
  await tf.setBackend("cpu");
  return { step: start(net, images), backend: "cpu", missing };
}

for await (const line of createInterface({ input: process.stdin })) {
  const { net, steps, images } = JSON.parse(line);
  if (!trainings.has(net)) trainings.set(net, await trainingOf(net, images));
  const { step, backend, missing } = trainings.get(net);
  const begin = performance.now();
  let loss;
  for (let i = 0; i < steps; i++) loss = await step();
  const seconds = (performance.now() - begin) / 1000;
  const lacks = missing && { missing };
  console.log(JSON.stringify({ seconds, loss, backend, version: tf.version.tfjs, ...lacks }));
}
