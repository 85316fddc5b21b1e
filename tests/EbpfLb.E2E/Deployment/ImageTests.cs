using System.Text.RegularExpressions;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Deployment;

/// <summary>The image without running it; <see cref="PodTests"/> runs it.</summary>
public sealed partial class ImageTests : IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("ebpflb-image-");

    public void Dispose() => directory.Delete(recursive: true);

    [Fact]
    public void It_is_an_OCI_layout_with_the_agent_its_libraries_and_nothing_else()
    {
        var image = ImageLayout.Write(directory.FullName);

        Assert.Equal("{\"imageLayoutVersion\":\"1.0.0\"}", File.ReadAllText(Path.Combine(directory.FullName, "layout", "oci-layout")));
        // Manifest, configuration and layer, whose sums were compared when they were read.
        Assert.Equal(3, image.Blobs.Count());
        Assert.Equal(image.LayerDigest, image.Config.GetProperty("rootfs").GetProperty("diff_ids")[0].GetString());
        Assert.Equal("linux", image.Config.GetProperty("os").GetString());
        Assert.Equal(
            image.Config.GetProperty("architecture").GetString(),
            image.Index.GetProperty("manifests")[0].GetProperty("platform").GetProperty("architecture").GetString());

        var (code, list) = ChildProcess.Run(new ProcessPlace(null, null), RepositoryPaths.Tool("tar"), "-tzf", image.LayerFile);
        Assert.True(code == 0, list);
        var programs = list.Split('\n').Where(f => f.Length > 0 && !f.EndsWith('/') && !f.StartsWith("./usr/share/doc/"));
        Assert.Equal(
            ["ebpflb", "ld-linux", "libc", "libcrypto", "libm", "libssl"],
            programs.Select(f => Name().Match(f).Value).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_same_agent_gives_the_same_image()
    {
        var first = ImageLayout.Write(directory.CreateSubdirectory("1").FullName);
        var second = ImageLayout.Write(directory.CreateSubdirectory("2").FullName);

        Assert.Equal(first.Index.GetRawText(), second.Index.GetRawText());
    }

    [Fact]
    public void It_starts_as_the_one_of_the_Dockerfile()
    {
        var dockerfile = File.ReadAllText(Path.Combine(RepositoryPaths.Root, "deploy", "Dockerfile"));
        var config = ImageLayout.Write(directory.FullName).Config.GetProperty("config");

        Assert.Contains($"\nENTRYPOINT {config.GetProperty("Entrypoint").GetRawText()}\n", dockerfile, StringComparison.Ordinal);
        Assert.Contains($"\nCMD {config.GetProperty("Cmd").GetRawText()}\n", dockerfile, StringComparison.Ordinal);
        Assert.Contains($"\nENV {config.GetProperty("Env")[0].GetString()}\n", dockerfile, StringComparison.Ordinal);
    }

    /// <summary>"libc" of "./lib/x86_64-linux-gnu/libc.so.6".</summary>
    [GeneratedRegex(@"(?<=/)[a-z0-9]+(-linux)?(?=[.-][^/]*$|$)", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Name();
}
