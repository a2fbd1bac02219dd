(function_declaration name: (identifier) @name body: (_) @body
  (#match? @name "^(Test|Benchmark|Fuzz|Example)([^a-z]|$)")) @test
(function_declaration name: (identifier) @name body: (_) @body) @function
(function_declaration name: (identifier) @name) @function
(method_declaration name: (field_identifier) @name body: (_) @body) @method
((type_spec name: (type_identifier) @name type: (struct_type (field_declaration_list) @body)) @struct
  (#set! before "type "))
((type_spec name: (type_identifier) @name type: (interface_type "{" @body)) @interface
  (#set! before "type "))
((type_spec name: (type_identifier) @name) @type (#set! before "type "))
((type_alias name: (type_identifier) @name) @type (#set! before "type "))
(method_elem name: (field_identifier) @name) @method
(source_file (const_declaration ((const_spec name: (identifier) @name value: (_) @body) @constant
  (#set! before "const "))))
(source_file (var_declaration ((var_spec name: (identifier) @name) @constant (#set! before "var "))))
(source_file (var_declaration (var_spec_list ((var_spec name: (identifier) @name) @constant
  (#set! before "var ")))))
(import_spec path: (_) @import)
