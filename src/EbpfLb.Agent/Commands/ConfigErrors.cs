using System.CommandLine.Parsing;
using EbpfLb.Configuration;
using EbpfLb.Configuration.Fields;

namespace EbpfLb.Agent.Commands;

/// <summary>What is wrong with options that stand for fields, all of it at once and under the options' names.</summary>
internal static class ConfigErrors
{
    /// <param name="formsOnly">Not which values there may be, which a file has a say in.</param>
    public static IEnumerable<string> Of(SymbolResult result, IEnumerable<ConfigOption> options, bool formsOnly = false)
    {
        var config = LoadedConfig.Default;
        List<string> errors = [];
        foreach (var option in options)
        {
            try
            {
                config = option.Apply(result, config);
            }
            catch (FormatException e)
            {
                errors.Add($"{option.Name}: {e.Message}");
            }
        }
        if (formsOnly) return errors;
        return errors.Concat(ConfigDocument.CheckEach(config).Select(Named));
    }

    private static string Named(ConfigProblem problem)
    {
        var note = ConfigDocument.Find(problem.Group, problem.Path.Split('[')[0]);
        return $"{note?.Option ?? problem.Path}: {problem.Message}";
    }
}
