using EbpfLb.Agent.Options;
using EbpfLb.Configuration;
using EbpfLb.Configuration.Fields;
using EbpfLb.Configuration.KubeProxy;
using EbpfLb.Configuration.Output;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Reload;

/// <summary>
/// Brings a changed file into force: what can be at once, the rest is named as waiting for a restart. A file that cannot be used
/// changes nothing.
/// </summary>
/// <param name="load">File and command line together. Throws <see cref="ConfigException"/>.</param>
internal sealed class ConfigReload(Func<LoadedConfig> load, AgentOptions options, ConfigState state, ILogger logger)
{
    private LoadedConfig lastWanted = options.AtStart;

    /// <summary>Whether the file could be used.</summary>
    public bool Run()
    {
        LoadedConfig wanted;
        Action apply;
        try
        {
            wanted = load();
            apply = options.Prepare(wanted);
        }
        catch (ConfigException e)
        {
            state.RecordBad(e.Message);
            Log.ConfigBad(logger, e.Message);
            return false;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            state.RecordBad($"{e.GetType().Name}: {e.Message}");
            Log.ConfigReloadFailed(logger, e);
            return false;
        }
        var changed = ConfigJson.Differences(lastWanted, wanted);
        lastWanted = wanted;
        // Of what waits for a restart, against the start: what was taken back waits no more.
        List<string> restart
            = [.. ConfigJson.Differences(options.AtStart, wanted).Where(f => ChangeOf(f) == FieldChange.Restart).Select(Name)];
        apply();
        state.RecordGood(restart);
        LogResult([.. changed.Where(f => ChangeOf(f) == FieldChange.Hot).Select(Name)], restart,
            [.. changed.Select(f => ConfigDocument.Find(f.Group, f.Path)).OfType<FieldNote>().Where(note => !note.HasMeaning)]);
        foreach (var warning in wanted.Warnings) Log.ConfigWarning(logger, warning);
        return true;
    }

    private void LogResult(List<string> hot, List<string> restart, List<FieldNote> none)
    {
        Log.ConfigApplied(logger, hot.Count == 0 ? "none" : string.Join(", ", hot));
        if (restart.Count > 0) Log.ConfigNeedsRestart(logger, string.Join(", ", restart));
        if (none.Count > 0)
            Log.ConfigWithoutMeaning(logger, UnsupportedFields.Format(none));
    }

    private static FieldChange? ChangeOf((string Group, string Path) field) => ConfigDocument.Find(field.Group, field.Path)?.Change;

    private static string Name((string Group, string Path) field)
        => field.Group == KubeProxyConfiguration.Group ? field.Path : $"{field.Group} {field.Path}";
}
