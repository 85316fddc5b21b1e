using System.CommandLine;
using System.CommandLine.Parsing;
using EbpfLb.Configuration;
using EbpfLb.Configuration.KubeProxy;
using EbpfLb.Configuration.Own;
using EbpfLb.Configuration.Values;

namespace EbpfLb.Agent.Commands;

/// <summary>An option that stands for a field of the configuration.</summary>
internal sealed class ConfigOption
{
    private readonly Func<LoadedConfig, string[], LoadedConfig> apply;

    /// <param name="apply">Throws <see cref="FormatException"/> when the text has not the form; what values may be is the configuration's
    /// to check.</param>
    private ConfigOption(string name, string? valueName, string description, Func<LoadedConfig, string[], LoadedConfig> apply)
    {
        this.apply = apply;
        // A switch without a value is true; others may be given again: the last one counts, or all of a list.
        Option = new Option<string[]>(name)
        {
            HelpName = valueName ?? "true|false", Description = description,
            Arity = valueName is null ? ArgumentArity.ZeroOrOne : ArgumentArity.OneOrMore,
            CustomParser = result => [.. result.Tokens.Select(t => t.Value)],
        };
    }

    public Option<string[]> Option { get; }

    public string Name => Option.Name;

    public static ConfigOption Proxy(
        string name, string valueName, string description, Func<KubeProxyConfiguration, string, KubeProxyConfiguration> apply)
        => Both(name, valueName, description, (config, text) => config with { KubeProxy = apply(config.KubeProxy, text) });

    /// <param name="apply">With the parts of everything that was given: they replace what was there.</param>
    public static ConfigOption ProxyList(
        string name, string valueName, string description, Func<KubeProxyConfiguration, string[], KubeProxyConfiguration> apply)
        => new(name, valueName, description, (config, texts)
            => config with { KubeProxy = apply(config.KubeProxy, OptionText.List(texts)) });

    public static ConfigOption ProxySwitch(
        string name, string description, Func<KubeProxyConfiguration, bool, KubeProxyConfiguration> apply)
        => new(name, null, description, (config, texts) => config with { KubeProxy = apply(config.KubeProxy, OptionText.Bool(texts[^1])) });

    /// <summary>For both configurations.</summary>
    public static ConfigOption Both(string name, string valueName, string description, Func<LoadedConfig, string, LoadedConfig> apply)
        => new(name, valueName, description, (config, texts) => apply(config, texts[^1]));

    /// <summary>Of a field of ours; null: it has no option.</summary>
    public static ConfigOption? Of(OwnField field)
    {
        if (field.Note.Option is not { } name) return null;
        var option = new ConfigOption(name, field.ValueName, field.Help, (config, texts)
            => config with { EbpfLb = field.Apply(config.EbpfLb, texts) });
        return field.Alias is { } alias ? option.Alias(alias) : option;
    }

    public ConfigOption Alias(params string[] aliases)
    {
        foreach (var alias in aliases) Option.Aliases.Add(alias);
        return this;
    }

    public bool IsGiven(SymbolResult result) => result.GetResult(Option) is { Implicit: false };

    /// <summary>The configuration with what was given, or as it is.</summary>
    /// <exception cref="FormatException">The text has not the form.</exception>
    public LoadedConfig Apply(SymbolResult result, LoadedConfig config)
    {
        if (result.GetResult(Option) is not { Implicit: false } given) return config;
        return apply(config, given.Tokens.Count == 0 ? ["true"] : [.. given.Tokens.Select(t => t.Value)]);
    }
}
