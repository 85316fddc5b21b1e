using EbpfLb.Configuration;
using EbpfLb.Configuration.Fields;

namespace EbpfLb.Agent.Options;

/// <summary>What the command line of `ebpflb run` asks for.</summary>
internal sealed record RunRequest
{
    /// <summary>null: no file.</summary>
    public string? ConfigPath { get; init; }

    /// <summary>Puts what the command line says over what the file says.</summary>
    public required Func<LoadedConfig, LoadedConfig> Overlay { get; init; }

    /// <summary>Someone asked for an OOM score; without, that of the parent stays.</summary>
    public bool SetsOomScore { get; init; }

    /// <summary>What was given, "name=value" each.</summary>
    public IReadOnlyList<string> Flags { get; init; } = [];

    /// <summary>kube-proxy's options that do not count beside a file.</summary>
    public IReadOnlyList<string> IgnoredOptions { get; init; } = [];

    /// <summary>Options that are accepted and stand for nothing any more.</summary>
    public IReadOnlyList<string> OldOptions { get; init; } = [];

    public string? WriteConfigTo { get; init; }

    public bool Cleanup { get; init; }

    public bool InitOnly { get; init; }

    public bool ShowVersion { get; init; }

    /// <summary>File and command line together, checked.</summary>
    /// <exception cref="ConfigException">Something is wrong with the file, or with both together.</exception>
    public LoadedConfig Load()
    {
        var file = ConfigPath is null ? LoadedConfig.Default : ConfigFile.Load(ConfigPath);
        var config = Overlay(file);
        var problems = ConfigDocument.CheckBoth(config);
        if (problems.Count > 0) throw new ConfigException(
            ConfigPath is null ? "the command line" : $"{ConfigPath} with the options beside it", problems, file.Warnings);
        return config;
    }
}
