using System.Collections.Immutable;
using EbpfLb.Kubernetes.Manifests.Parser;
using EbpfLb.Kubernetes.Manifests.Watcher;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Manifests;

/// <summary>Reads a file or directory of manifests once, for who only wants to know what is in it.</summary>
public static class ManifestFiles
{
    /// <exception cref="IOException">The path is not there or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static LoadedManifests Load(ManifestOptions options)
    {
        var found = DirectoryListing.Read(options.Path) ?? throw new FileNotFoundException($"{options.Path} does not exist");
        List<string> ignored = [];
        List<ManifestProblem> problems = [];
        List<string> dropped = [];
        var reader = new ManifestReader(
            options,
            warning => { lock (dropped) dropped.Add(warning.ToString()); },
            (file, version, kind) => { lock (ignored) ignored.Add($"{file}: {kind} of {version}"); });
        List<(string File, ManifestContent Content)> files = [];
        foreach (var (name, info) in found)
        {
            var content = reader.Read(name, File.ReadAllBytes(info.FullName), out var broken);
            if (broken is not null) problems.Add(broken);
            if (content is null) continue;
            files.Add((name, content));
            problems.AddRange(content.Problems);
            problems.AddRange(dropped.Select(text => new ManifestProblem(false, name, 0, 0, "", "", text)));
            dropped.Clear();
        }
        var state = new ClusterStateBuilder();
        problems.AddRange(new ManifestMerge(options.NodeName, options.IsLenient).Apply(files, state));
        var nodes = files.SelectMany(f => f.Content.Objects).Select(o => o.Node).OfType<Node>().DistinctBy(n => n.Name);
        return new LoadedManifests(
            state.Build(),
            [.. nodes.OrderBy(n => n.Name, StringComparer.Ordinal)],
            [.. problems.OrderBy(p => p.File, StringComparer.Ordinal).ThenBy(p => p.Line).ThenBy(p => p.Column)],
            [.. ignored.Distinct(StringComparer.Ordinal)]);
    }
}
