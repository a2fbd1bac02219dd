(call_expression
  function: [(identifier) @marker (member_expression object: (identifier) @marker)]
  arguments: (arguments . [(string (string_fragment) @name) (template_string) @name] [(arrow_function) @body (function_expression) @body])
  (#any-of? @marker "describe" "it" "test" "suite" "context")) @test
(function_declaration name: (identifier) @name body: (_) @body) @function
(generator_function_declaration name: (identifier) @name body: (_) @body) @function
(method_definition name: (_) @name body: (_) @body) @method
(lexical_declaration (variable_declarator
  name: (identifier) @name
  value: [(arrow_function body: (_) @body) (function_expression body: (_) @body) (class body: (_) @body)])) @function
(variable_declaration (variable_declarator
  name: (identifier) @name
  value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)])) @function
(program (expression_statement (assignment_expression
  left: (member_expression) @name
  right: [(arrow_function body: (_) @body) (function_expression body: (_) @body) (class body: (_) @body)]) @function))
(program (lexical_declaration "const" (variable_declarator name: (identifier) @name value: (_) @body)) @constant)
(program (export_statement
  declaration: (lexical_declaration (variable_declarator name: (identifier) @name value: (_) @body)) @constant))
(import_statement source: (string (string_fragment) @import))
(export_statement source: (string (string_fragment) @import))
(call_expression
  function: (identifier) @marker
  arguments: (arguments . (string (string_fragment) @import))
  (#eq? @marker "require"))
(export_statement [declaration: (_) @inner value: (_) @inner]) @wrapper
