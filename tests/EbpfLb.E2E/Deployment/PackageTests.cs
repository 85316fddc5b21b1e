using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Deployment;

/// <summary>The Debian package that tools/deb makes, and the unit in it.</summary>
public sealed class PackageTests : IDisposable
{
    private static readonly ProcessPlace Here = new(null, null);

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("ebpflb-deb-");
    private readonly string package;

    public PackageTests()
    {
        Run(RepositoryPaths.Tool("bash"), Path.Combine(RepositoryPaths.Root, "tools", "deb"), TestNode.Binary, directory.FullName);
        package = Assert.Single(Directory.EnumerateFiles(directory.FullName, "*.deb"));
    }

    private string Root => Path.Combine(directory.FullName, "extracted");

    public void Dispose() => directory.Delete(recursive: true);

    [Fact]
    public void It_has_the_agent_its_unit_its_configuration_its_completions_its_manual_page_and_its_licence()
    {
        Run(RepositoryPaths.Tool("dpkg-deb"), "-x", package, Root);

        Assert.Equal(
            [
                "etc/ebpflb/config.yaml", "lib/systemd/system/ebpflb.service", "usr/bin/ebpflb",
                "usr/share/bash-completion/completions/ebpflb", "usr/share/doc/ebpflb/copyright",
                "usr/share/fish/vendor_completions.d/ebpflb.fish", "usr/share/man/man8/ebpflb.8.gz",
                "usr/share/zsh/vendor-completions/_ebpflb",
            ],
            Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(Root, f)).Order());
        var version = Run(Path.Combine(Root, "usr/bin/ebpflb"), "version");
        // The time of the commit goes before its name, by which packages would be compared else.
        var parts = Field("Version").Split('+', '.');
        Assert.True(parts is [.., { Length: 14 } time, _] && time.All(char.IsAsciiDigit), Field("Version"));
        var built = Field("Version").Replace($"{parts[^2]}.", "", StringComparison.Ordinal);
        Assert.StartsWith($"ebpflb {built} ", version, StringComparison.Ordinal);
        Run(Path.Combine(Root, "usr/bin/ebpflb"), "config", "check", Path.Combine(Root, "etc/ebpflb/config.yaml"));
        // What the default configuration names.
        Assert.True(Directory.Exists(Path.Combine(Root, "etc/ebpflb/manifests")));
        Assert.Equal(("ebpflb", "net"), (Field("Package"), Field("Section")));
    }

    [Fact]
    public void Its_unit_is_valid_and_gives_the_agent_the_capabilities_of_the_DaemonSet()
    {
        Run(RepositoryPaths.Tool("dpkg-deb"), "-x", package, Root);
        // The unit starts a program that is not on this machine: that of the package.
        var unit = Path.Combine(directory.FullName, "ebpflb.service");
        var text = File.ReadAllText(Path.Combine(Root, "lib/systemd/system/ebpflb.service"));
        Assert.Contains("\nExecStart=/usr/bin/ebpflb run ", text, StringComparison.Ordinal);
        File.WriteAllText(unit, text.Replace("/usr/bin/ebpflb", Path.Combine(Root, "usr/bin/ebpflb"), StringComparison.Ordinal));

        Assert.Equal("", Run(RepositoryPaths.Tool("systemd-analyze"), "verify", "--man=no", unit).Trim());
        const string key = "CapabilityBoundingSet=";
        var capabilities = text.Split('\n').Single(line => line.StartsWith(key, StringComparison.Ordinal))[key.Length..].Split(' ');
        Assert.Equal(KubernetesBase.Capabilities, capabilities);
    }

    private string Field(string name) => Run(RepositoryPaths.Tool("dpkg-deb"), "-f", package, name).Trim();

    private static string Run(params string[] command)
    {
        var (code, said) = ChildProcess.Run(Here, command);
        Assert.True(code == 0, $"{string.Join(' ', command)}:\n{said}");
        return said;
    }
}
