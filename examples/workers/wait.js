// Waits as many milliseconds as each item says. A worker of `--protocol json`, whose answers come in any order:
//
//     parjob pool --protocol json node wait.js
const lines = require("readline").createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const { seq, item } = JSON.parse(line);
  const answer = (fields) => process.stdout.write(JSON.stringify({ seq, ...fields }) + "\n");
  if (!/^\d+$/.test(item)) return answer({ error: "not a number" });
  setTimeout(() => answer({ result: `waited ${item}` }), Number(item));
});
