[assembly: Trait("needs", "root")]
[assembly: Trait("needs", "netns")]
[assembly: Trait("needs", "ip")]
