using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Deployment;

/// <summary>
/// What tools/image writes of the agent that tests run, read as https://github.com/opencontainers/image-spec says.
/// </summary>
internal sealed class ImageLayout
{
    private readonly string directory;

    private ImageLayout(string directory)
    {
        this.directory = directory;
        Index = Json(Path.Combine(directory, "index.json"));
        Manifest = Json(Blob(Index.GetProperty("manifests").EnumerateArray().Single()));
        Config = Json(Blob(Manifest.GetProperty("config")));
    }

    public JsonElement Index { get; }

    public JsonElement Manifest { get; }

    public JsonElement Config { get; }

    public JsonElement Layer => Manifest.GetProperty("layers").EnumerateArray().Single();

    public string LayerFile => Blob(Layer);

    public IReadOnlyList<string> Entrypoint =>
        [.. Config.GetProperty("config").GetProperty(nameof(Entrypoint)).EnumerateArray().Select(e => e.GetString()!)];

    /// <summary>Names of the blobs: their sums.</summary>
    public IEnumerable<string> Blobs => Directory.EnumerateFiles(Path.Combine(directory, "blobs", "sha256"));

    /// <summary>"sha256:..." of the layer's tar, not packed.</summary>
    public string LayerDigest
    {
        get
        {
            using var tar = new GZipStream(File.OpenRead(LayerFile), CompressionMode.Decompress);
            return $"sha256:{Convert.ToHexStringLower(SHA256.HashData(tar))}";
        }
    }

    /// <summary>Writes it below an existing directory.</summary>
    public static ImageLayout Write(string below)
    {
        var (code, said) = ChildProcess.Run(new ProcessPlace(null, null),
            RepositoryPaths.Tool("bash"), Path.Combine(RepositoryPaths.Root, "tools", "image"), TestNode.Binary, below);
        Assert.True(code == 0, said);
        return new ImageLayout(Path.Combine(below, "layout"));
    }

    /// <summary>The file that a descriptor names, whose size and sum are right.</summary>
    private string Blob(JsonElement descriptor)
    {
        var digest = descriptor.GetProperty("digest").GetString()!;
        var file = Path.Combine(directory, "blobs", digest.Replace(':', '/'));
        Assert.Equal(descriptor.GetProperty("size").GetInt64(), new FileInfo(file).Length);
        using var content = File.OpenRead(file);
        Assert.Equal(digest, $"sha256:{Convert.ToHexStringLower(SHA256.HashData(content))}");
        return file;
    }

    private static JsonElement Json(string file) => JsonDocument.Parse(File.ReadAllText(file)).RootElement;
}
