using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Deployment;

/// <summary>The Debian package that tools/deb makes, and the unit in it.</summary>
public sealed class PackageTests : IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("ebpflb-deb-");
    private readonly DebianPackage package;

    public PackageTests() => package = new DebianPackage(directory.FullName);

    private string Root => package.Root;

    public void Dispose() => directory.Delete(recursive: true);

    [Fact]
    public void It_has_the_agent_its_unit_its_configuration_its_completions_its_manual_page_and_its_licence()
    {
        Assert.Equal(
            [
                "etc/ebpflb/config.yaml", "usr/bin/ebpflb", "usr/lib/systemd/system/ebpflb.service",
                "usr/share/bash-completion/completions/ebpflb", "usr/share/doc/ebpflb/copyright",
                "usr/share/fish/vendor_completions.d/ebpflb.fish", "usr/share/man/man8/ebpflb.8.gz",
                "usr/share/zsh/vendor-completions/_ebpflb",
            ],
            Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(Root, f)).Order());
        var version = DebianPackage.Run(package.Binary, "version");
        // The time of the commit goes before its name, by which packages would be compared else.
        var parts = Field("Version").Split('+', '.');
        Assert.True(parts is [.., { Length: 14 } time, _] && time.All(char.IsAsciiDigit), Field("Version"));
        var built = Field("Version").Replace($"{parts[^2]}.", "", StringComparison.Ordinal);
        Assert.StartsWith($"ebpflb {built} ", version, StringComparison.Ordinal);
        DebianPackage.Run(package.Binary, "config", "check", package.Config);
        // What the default configuration names.
        Assert.True(Directory.Exists(Path.Combine(Root, "etc/ebpflb/manifests")));
        Assert.Equal(("ebpflb", "net"), (Field("Package"), Field("Section")));
    }

    [Fact]
    public void Its_unit_is_valid_and_gives_the_agent_the_capabilities_of_the_DaemonSet()
    {
        // The unit starts a program that is not on this machine: that of the package.
        var unit = Path.Combine(directory.FullName, "ebpflb.service");
        var text = File.ReadAllText(Path.Combine(Root, "usr/lib/systemd/system/ebpflb.service"));
        Assert.Contains("\nExecStart=/usr/bin/ebpflb run ", text, StringComparison.Ordinal);
        File.WriteAllText(unit, text.Replace("/usr/bin/ebpflb", package.Binary, StringComparison.Ordinal));

        Assert.Equal("", DebianPackage.Run(RepositoryPaths.Tool("systemd-analyze"), "verify", "--man=no", unit).Trim());
        const string key = "CapabilityBoundingSet=";
        var capabilities = text.Split('\n').Single(line => line.StartsWith(key, StringComparison.Ordinal))[key.Length..].Split(' ');
        Assert.Equal(KubernetesBase.Capabilities, capabilities);
    }

    private string Field(string name) => DebianPackage.Run(RepositoryPaths.Tool("dpkg-deb"), "-f", package.File, name).Trim();
}
