import type { NextConfig } from "next";

const config: NextConfig = {
  // A driver stays as it is installed: nothing in it is for a bundler.
  serverExternalPackages: ["pg"],
};

export default config;
