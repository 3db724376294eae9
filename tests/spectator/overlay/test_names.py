from spectator.overlay import DEFAULT_GRAPHS, GRAPH_NAME, USUAL_NAMES


def test_no_usual_name_means_two_things() -> None:
    usual = [name for names in USUAL_NAMES.values() for name in names]
    assert len(usual) == len(set(usual)) == len(GRAPH_NAME)
    assert not set(usual) & set(USUAL_NAMES)


def test_usual_names_lead_to_names_of_the_graphs() -> None:
    drawn = {name for graph in DEFAULT_GRAPHS for name in graph.metrics}
    assert set(USUAL_NAMES) <= drawn
