using EbpfLb.Agent.Commands.Sysdump;

namespace EbpfLb.Agent.Tests.Sysdump;

public sealed class SecretRemoverTests
{
    [Theory]
    [InlineData("token: abc123def", "token: [removed]")]
    [InlineData("\"client-key-data\": \"LS0tLS1CRUdJTg==\"", "\"client-key-data\": \"[removed]\"")]
    [InlineData("AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7", "AWS_SECRET_ACCESS_KEY=[removed]")]
    [InlineData("run --bearer-token=xyz789 --instance a", "run --bearer-token=[removed] --instance a")]
    [InlineData("Authorization: Bearer abc.def", "Authorization: Bearer [removed]")]
    [InlineData("https://me:pass@host/x", "https://[removed]@host/x")]
    [InlineData("sees eyJhbGciOi.eyJzdWIi.c2lnbmF0 here", "sees [removed] here")]
    [InlineData("-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----\nend", "[removed]\nend")]
    [InlineData("password = hunter22", "password = [removed]")]
    [InlineData("password: \"correct horse battery\"", "password: \"[removed]\"")]
    [InlineData("password: 'correct horse' # his", "password: '[removed]' # his")]
    [InlineData("secret: /9j4AAQSkZJRg==", "secret: [removed]")]
    [InlineData("run --token abc.def --instance a", "run --token [removed] --instance a")]
    [InlineData("secrets: [a, b]", "secrets: [a, b]")]
    [InlineData("tokenFile: /var/run/token", "tokenFile: /var/run/token")]
    [InlineData("the token in /var/run/token", "the token in /var/run/token")]
    [InlineData("map lb_services4 key 8B value 24B", "map lb_services4 key 8B value 24B")]
    public void What_looks_like_a_secret_is_taken_out(string text, string expected)
        => Assert.Equal(expected, new SecretRemover([]).Clean(text));

    [Fact]
    public void What_is_known_is_taken_out_wherever_it_stands_and_short_values_are_left()
        => Assert.Equal("a [removed] of x [removed]", new SecretRemover(["x", "plain-words", "plain-words-and-more\n"])
            .Clean("a plain-words of x plain-words-and-more"));

    [Fact]
    public void A_kubeconfig_tells_its_tokens_and_keys_and_those_in_the_files_that_it_names()
    {
        var directory = Directory.CreateTempSubdirectory("lb-");
        try
        {
            File.WriteAllText(Path.Combine(directory.FullName, "t"), "from-the-file");
            var text = "users:\n- name: a\n  user:\n    token: from-the-text\n    client-key-data: a2V5\n- name: b\n  user:\n    "
                + "tokenFile: t\n";

            Assert.Equal(["from-the-text", "a2V5", "from-the-file"], KnownSecrets.OfKubeconfig(text, directory.FullName));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
