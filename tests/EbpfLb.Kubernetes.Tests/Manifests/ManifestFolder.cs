using System.Diagnostics;
using EbpfLb.Kubernetes.Manifests;
using EbpfLb.Model;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Kubernetes.Tests.Manifests;

/// <summary>A directory of manifests of its own, and what the source makes of it.</summary>
internal sealed class ManifestFolder : IDisposable
{
    public const string NodeName = "demo-node";

    public string Root { get; } = Directory.CreateTempSubdirectory("ebpflb-manifests-").FullName;

    public string PathOf(string name) => Path.Combine(Root, name);

    /// <summary>Writes a file as a careful author does: under another name first, then renamed.</summary>
    public ManifestFolder With(string name, string text)
    {
        var path = PathOf(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path + ".new", text);
        File.Move(path + ".new", path, overwrite: true);
        return this;
    }

    /// <summary>rename(2) as mv does it; File.Move follows links to directories.</summary>
    public async Task RenameAsync(string from, string to)
    {
        using var mv = Process.Start("mv", ["-Tf", PathOf(from), PathOf(to)]);
        await mv.WaitForExitAsync();
        Assert.Equal(0, mv.ExitCode);
    }

    public ManifestSource Source(Func<ManifestOptions, ManifestOptions>? change = null, string? path = null)
    {
        var options = new ManifestOptions(path ?? Root, NodeName) { Debounce = TimeSpan.FromMilliseconds(5) };
        return new ManifestSource(change?.Invoke(options) ?? options, TimeProvider.System, NullLogger<ManifestSource>.Instance);
    }

    /// <summary>What a source that starts now reads first.</summary>
    public async Task<Loaded> LoadAsync(string? path = null)
    {
        var source = Source(path: path);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await foreach (var snapshot in source.ReadAsync(timeout.Token)) return new Loaded(snapshot, source);
        throw new InvalidOperationException("the source ended");
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}

/// <summary>A first snapshot and what was found on the way.</summary>
internal sealed record Loaded(ClusterSnapshot Snapshot, ManifestSource Source)
{
    public IReadOnlyList<string> Errors => [.. Source.Problems.Where(p => p.IsError).Select(p => p.ToString())];

    public IReadOnlyList<string> Warnings => [.. Source.Problems.Where(p => !p.IsError).Select(p => p.ToString())];

    public IEnumerable<string> ServiceNames
        => Snapshot.Services.Where(s => s.Value.Service is not null).Select(s => s.Key.ToString()).Order(StringComparer.Ordinal);

    public ServiceEntry Entry(string ns, string name) => Snapshot.Services[new ObjectName(ns, name)];

    public Service Service(string name, string ns = "default")
        => Entry(ns, name).Service ?? throw new InvalidOperationException($"there is no Service {ns}/{name}");
}
