[assembly: Trait("needs", "root")]
[assembly: Trait("needs", "bpf")]
