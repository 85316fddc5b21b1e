using System.Text.RegularExpressions;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Configuration.Tests.Own;

/// <summary>An address in deploy that who installs is to write is refused until it is written.</summary>
public sealed partial class PlaceholderTests
{
    private static string Deploy { get; } = Path.Combine(RepositoryPaths.Root, "deploy");

    public static TheoryData<string> Folders
        => ["kubernetes", .. Directory.GetDirectories(Path.Combine(Deploy, "overlays")).Select(d => $"overlays/{Path.GetFileName(d)}")];

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_placeholder_is_refused_by_its_name_and_an_address_in_its_place_is_taken(string directory)
    {
        var text = File.ReadAllText(Path.Combine(Deploy, directory, "config.yaml"));
        // Where every cluster has the same address there is none.
        if (directory is not ("overlays/k3s" or "overlays/kind"))
        {
            var problem = Assert.Single(Assert.Throws<ConfigException>(() => ConfigText.Read(text)).Problems);
            Assert.Equal("apiServers[0]", problem.Path);
            Assert.Contains($"{Placeholder().Match(text)} stands for what is to be written", problem.Message, StringComparison.Ordinal);
        }

        var config = ConfigText.Read(Placeholder().Replace(text, "name"));

        Assert.DoesNotContain('<', Assert.Single(config.EbpfLb.ApiServers));
    }

    [GeneratedRegex("(?<=https://[^ ]*)<[A-Z-]+>", RegexOptions.None, 1000)]
    private static partial Regex Placeholder();
}
