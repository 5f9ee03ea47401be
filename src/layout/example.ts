/** The file that `linefill layout --example` prints: every part of the format, on a structure that has much to gain. */

/** The text of an example file. */
export const exampleLayout: string = `{
  "name": "Particle",
  "count": 500000,
  "fields": [
    { "name": "alive", "type": "bool" },
    { "name": "x", "type": "f64" },
    { "name": "kind", "type": "u16" },
    { "name": "y", "type": "f64" },
    { "name": "hits", "type": "u32" },
    { "name": "vx", "type": "f64" },
    { "name": "vy", "type": "f64" },
    { "name": "color", "type": "u8", "length": 4 },
    { "name": "owner", "type": "ptr" },
    { "name": "label", "type": "bytes", "length": 20 }
  ],
  "loops": [
    {
      "name": "move",
      "reads": ["x", "y", "vx", "vy"],
      "writes": ["x", "y"],
      "order": "sequential",
      "weight": 10
    },
    { "name": "look-up", "reads": ["alive", "owner", "label"], "order": "random", "weight": 1 },
    {
      "name": "count",
      "reads": ["hits"],
      "writes": ["hits"],
      "threads": 2,
      "partition": "interleaved",
      "weight": 1
    }
  ]
}
`;
