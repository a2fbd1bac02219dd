(function_definition name: (word) @name body: (_) @body) @function
(command name: (command_name) @marker . argument: (_) @import (#any-of? @marker "source" "."))
