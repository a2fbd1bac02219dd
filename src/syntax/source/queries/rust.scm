((attribute_item (attribute) @marker) . (attribute_item)* .
  (function_item name: (identifier) @name body: (_) @body) @test
  (#match? @marker "^([a-z_]+::)?test\\b"))
(function_item name: (identifier) @name body: (_) @body) @function
(function_signature_item name: (identifier) @name) @function
(mod_item name: (identifier) @name body: (_) @body) @module
(struct_item name: (type_identifier) @name body: (field_declaration_list) @body) @struct
(struct_item name: (type_identifier) @name) @struct
(union_item name: (type_identifier) @name body: (_) @body) @struct
(enum_item name: (type_identifier) @name body: (_) @body) @enum
(trait_item name: (type_identifier) @name body: (_) @body) @trait
(impl_item type: (_) @name body: (_) @body) @impl
(type_item name: (type_identifier) @name) @type
(const_item name: (identifier) @name value: (_) @body) @constant
(const_item name: (identifier) @name) @constant
(static_item name: (identifier) @name value: (_) @body) @constant
(macro_definition name: (identifier) @name (macro_rule) @body) @macro
(source_file (use_declaration argument: (_) @import))
