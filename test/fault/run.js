'use strict';

const { run_node_tests, finish, chosen_files } = require('../interop/lib/suite');

run_node_tests(chosen_files(__dirname, process.argv.slice(2))).then((counts) => finish([counts]));
