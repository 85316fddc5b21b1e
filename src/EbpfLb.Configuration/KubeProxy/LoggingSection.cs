using EbpfLb.Model;

namespace EbpfLb.Configuration.KubeProxy;

/// <summary>`logging`.</summary>
public sealed record LoggingSection
{
    /// <summary>"text" or "json".</summary>
    public string Format { get; init; } = "text";

    public TimeSpan FlushFrequency { get; init; } = TimeSpan.FromSeconds(5);

    public int Verbosity { get; init; }

    public ValueList<VmoduleEntry> Vmodule { get; init; } = [];

    public LogStreamOptions TextOptions { get; init; } = new();

    public LogStreamOptions JsonOptions { get; init; } = new();
}

/// <summary>One entry of `logging.vmodule`.</summary>
public sealed record VmoduleEntry(string FilePattern, int Verbosity);

/// <summary>`logging.options.text` and `logging.options.json`.</summary>
public sealed record LogStreamOptions(bool SplitStream = false, string InfoBufferSize = "0");
