(function_definition
  declarator: [
    (function_declarator declarator: (identifier) @name)
    (pointer_declarator declarator: (function_declarator declarator: (identifier) @name))
    (pointer_declarator declarator: (pointer_declarator
      declarator: (function_declarator declarator: (identifier) @name)))]
  body: (_) @body) @function
(declaration
  declarator: [
    (function_declarator declarator: (identifier) @name)
    (pointer_declarator declarator: (function_declarator declarator: (identifier) @name))
    (pointer_declarator declarator: (pointer_declarator
      declarator: (function_declarator declarator: (identifier) @name)))]) @function
(type_definition type: (struct_specifier body: (_) @body) declarator: (type_identifier) @name) @struct
(type_definition type: (union_specifier body: (_) @body) declarator: (type_identifier) @name) @struct
(type_definition type: (enum_specifier body: (_) @body) declarator: (type_identifier) @name) @enum
(type_definition declarator: (type_identifier) @name) @type
(type_definition declarator: (function_declarator
  declarator: (parenthesized_declarator (pointer_declarator declarator: (type_identifier) @name)))) @type
(translation_unit (struct_specifier name: (type_identifier) @name body: (_) @body) @struct)
(preproc_ifdef (struct_specifier name: (type_identifier) @name body: (_) @body) @struct)
(preproc_if (struct_specifier name: (type_identifier) @name body: (_) @body) @struct)
(translation_unit (union_specifier name: (type_identifier) @name body: (_) @body) @struct)
(preproc_ifdef (union_specifier name: (type_identifier) @name body: (_) @body) @struct)
(preproc_if (union_specifier name: (type_identifier) @name body: (_) @body) @struct)
(translation_unit (enum_specifier name: (type_identifier) @name body: (_) @body) @enum)
(preproc_ifdef (enum_specifier name: (type_identifier) @name body: (_) @body) @enum)
(preproc_if (enum_specifier name: (type_identifier) @name body: (_) @body) @enum)
(preproc_def name: (identifier) @name value: (_)) @constant
(preproc_function_def name: (identifier) @name value: (_) @body) @macro
(preproc_include path: (_) @import)
