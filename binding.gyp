{
  "variables": {
    "conditions": [
      ["OS=='mac'", { "scalar_flags": "-O2 -fno-vectorize -fno-slp-vectorize -ffp-contract=off" },
       "OS=='win'", { "scalar_flags": "/O2 /fp:precise" },
                    { "scalar_flags": "-O2 -fno-tree-vectorize -fno-tree-slp-vectorize -ffp-contract=off -fno-omit-frame-pointer" }]
    ]
  },
  "targets": [
    {
      "target_name": "linefill",
      "sources": ["<!@(node scripts/sources.mjs)"],
      "include_dirs": ["native"],
      "dependencies": ["<!(node -p \"require('node-addon-api').targets\"):node_addon_api_except"],
      "defines": ["NAPI_VERSION=9", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS", "LINEFILL_FLAGS=\"<(scalar_flags)\""],
      "cflags_cc": ["-std=c++20", "-Wall", "-Wextra", "-fvisibility=hidden"],
      "xcode_settings": {
        "CLANG_CXX_LANGUAGE_STANDARD": "c++20",
        "GCC_OPTIMIZATION_LEVEL": "2",
        "MACOSX_DEPLOYMENT_TARGET": "11.0",
        "OTHER_CPLUSPLUSFLAGS": ["<@(scalar_flags)"]
      },
      "msvs_settings": { "VCCLCompilerTool": { "AdditionalOptions": ["/std:c++20", "/fp:precise"] } },
      "configurations": {
        "Release": { "cflags!": ["-O3"], "cflags_cc!": ["-O3"], "cflags": ["<@(scalar_flags)"] }
      }
    }
  ],
  "conditions": [
    ["OS=='linux' and (target_arch=='x64' or target_arch=='arm64')", {
      "targets": [
        {
          "target_name": "linefill-recorder",
          "type": "shared_library",
          "product_dir": "<(PRODUCT_DIR)",
          "sources": ["<!@(node scripts/sources.mjs --recorder)"],
          "include_dirs": ["native"],
          "cflags_cc": ["-std=c++20", "-Wall", "-Wextra", "-fvisibility=hidden", "-ftls-model=initial-exec",
                        "-fno-builtin", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics"],
          "ldflags": ["-Wl,--as-needed"],
          "libraries": ["-ldl", "-lpthread"],
          "configurations": {
            "Release": { "cflags!": ["-O3"], "cflags_cc!": ["-O3"], "cflags": ["-O2"] }
          }
        },
        {
          "target_name": "linefill-checker",
          "type": "shared_library",
          "product_dir": "<(PRODUCT_DIR)",
          "sources": ["<!@(node scripts/sources.mjs --checker)"],
          "include_dirs": ["native"],
          "cflags_cc": ["-std=c++20", "-Wall", "-Wextra", "-fvisibility=hidden", "-ftls-model=initial-exec",
                        "-fno-builtin", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics"],
          "ldflags": ["-Wl,--as-needed"],
          "libraries": ["-ldl", "-lpthread"],
          "configurations": {
            "Release": { "cflags!": ["-O3"], "cflags_cc!": ["-O3"], "cflags": ["-O2"] }
          }
        }
      ]
    }]
  ]
}
