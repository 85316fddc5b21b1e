using EbpfLb.Configuration.Fields;
using EbpfLb.Configuration.Output;
using EbpfLb.Testing.Configurations;

namespace EbpfLb.Configuration.Tests;

/// <summary>What comes into force without a restart is one fact, which documentation, reload and log share.</summary>
public sealed class HotFieldTests
{
    [Fact]
    public void A_running_agent_takes_over_the_fields_that_the_catalogue_calls_hot_and_no_others()
    {
        var wanted = ConfigText.Read(OtherConfiguration.Text);
        var all = ConfigJson.Differences(LoadedConfig.Default, wanted).ToList();
        var inForce = LoadedConfig.Default.WithHot(wanted);
        Assert.Equal(all.Where(f => ChangeOf(f) == FieldChange.Hot), ConfigJson.Differences(LoadedConfig.Default, inForce));
        Assert.Equal(all.Where(f => ChangeOf(f) != FieldChange.Hot), ConfigJson.Differences(inForce, wanted));
        // The text above has them all: one that is new must be added to it.
        var hot = ConfigDocument.Both.SelectMany(d => d.Rows).Select(row => row.Note).Where(n => n.Change == FieldChange.Hot)
            .Select(n => n.Path);
        Assert.Equal(hot.Order(StringComparer.Ordinal),
            all.Where(f => ChangeOf(f) == FieldChange.Hot).Select(f => f.Path).Order(StringComparer.Ordinal));
    }

    private static FieldChange? ChangeOf((string Group, string Path) field) => ConfigDocument.Find(field.Group, field.Path)?.Change;
}
