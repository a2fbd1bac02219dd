(function_definition name: (identifier) @name body: (_) @body (#match? @name "^test_")) @test
(function_definition name: (identifier) @name body: (_) @body) @function
(class_definition name: (identifier) @name body: (_) @body) @class
(module (expression_statement
  (assignment left: (identifier) @name right: (_) @body (#match? @name "^_?[A-Z][A-Z0-9_]*$")) @constant))
(import_statement name: (_) @import)
(import_from_statement module_name: (_) @import)
