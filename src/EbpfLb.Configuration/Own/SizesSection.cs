using EbpfLb.Model;

namespace EbpfLb.Configuration.Own;

/// <summary>`sizes`: entries of the BPF maps; null: by the memory of the machine.</summary>
public sealed record SizesSection
{
    private ValueList<int?> Asked { get; init; } = Enum.GetValues<TableSize>().Select(_ => (int?)null).ToValueList();

    public int? this[TableSize size]
    {
        get => Asked[(int)size];
        init => Asked = Asked.Select((n, i) => i == (int)size ? value : n).ToValueList();
    }

    public SizesSection With(TableSize size, int? entries) => new(this) { [size] = entries };
}
